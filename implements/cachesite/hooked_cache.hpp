#pragma once

#include <cachesite/cache_hook.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <memory>
#include <string>
#include <vector>

namespace cachesite {

namespace layers {
class HookList;
}

/// Settings of a HookedCache.
struct HookedCacheOptions {
  /// The cache whose calls the hooks are told about.
  Reference<ICache> over;
  /// Called in this order.
  std::vector<Reference<ICacheHook>> hooks;

  static ParameterTable parameters();
};

/// Tells hooks about every call that goes through it (see ICacheHook). Hooks see the keys that this cache is
/// given, so it stands over a PrefixCache, not under it.
///
/// A hook that throws is passed over: its first exception is logged as a warning, and when it has not thrown
/// for 100 events in a row, that is logged too. Exceptions and failures of the cache below are one
/// `on_error`.
class HookedCache final : public CacheLayer {
 public:
  using Options = HookedCacheOptions;

  /// Throws std::invalid_argument when `over` or a hook is not set.
  explicit HookedCache(const HookedCacheOptions& options, const ComponentContext& context = {});
  /// For a program without a file. Throws std::invalid_argument for a null pointer.
  HookedCache(std::shared_ptr<ICache> below, std::vector<std::shared_ptr<ICacheHook>> hooks,
              const ComponentContext& context = {});
  ~HookedCache() override;

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  Result<bool> do_add(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  Result<bool> do_replace(std::string_view key, std::optional<ByteView> value,
                          TimeToLive time_to_live) override;
  Result<std::int64_t> do_increment(std::string_view key, std::int64_t by, TimeToLive time_to_live) override;
  Result<bool> do_remove(std::string_view key) override;
  Result<bool> do_contains(std::string_view key) override;
  Result<Remaining> do_time_to_live(std::string_view key) override;
  Result<bool> do_expire(std::string_view key, TimeToLive time_to_live) override;
  Result<bool> do_persist(std::string_view key) override;
  void do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) override;
  void do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) override;
  void do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) override;
  void do_time_to_live_many(std::span<const std::string_view> keys,
                            std::span<Result<Remaining>> results) override;
  Status do_scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) override;
  Result<std::uint64_t> do_remove_matching(std::string_view pattern) override;
  Status do_clear() override;
  Result<std::uint64_t> do_size() override;

 private:
  template <class T, class Call>
  Result<T> around(CacheOperation operation, std::string_view key, Call&& call);
  template <class R, class Call>
  void around_many(CacheOperation operation, std::span<R> results, Call&& call);

  const std::string label_;
  const std::shared_ptr<const IClock> clock_;
  const std::unique_ptr<layers::HookList> hooks_;
};

}  // namespace cachesite
