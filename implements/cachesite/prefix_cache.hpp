#pragma once

#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/i_key_prefix.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// Settings of a PrefixCache, explained by `cachesite describe PrefixCache` and configs/reference.md.
struct PrefixCacheOptions {
  Reference<ICache> over;
  std::string prefix;
  std::string separator;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// A part of another cache: it adds a prefix to the keys of every call, and removes it from returned keys.
/// `keys`, `size`, `remove_matching` and `clear` affect only keys with the prefix, whatever characters it
/// has. The prefixes of nested layers add up.
///
/// The key layouts of other systems:
///
///     FivcGlue      no prefix
///     spakky        prefix: "spakky:cache:"
///     rick          prefix: "shop"                       the prefix and the key, with nothing between
///     redis-kit     prefix: "shop" and separator: ":"    the separator only when there is a prefix
///
/// The prefix of a cache never changes. In place of rick's `set_prefix`, which changes it at run time, make
/// another view with `prefixed`: it costs one allocation, and does not affect users of the old one.
///
/// A key that is longer than 64 KiB with its prefix is refused with `too_large` before anything else happens.
/// Single calls with keys of up to some hundred bytes allocate nothing. `size`, `clear` and `remove_matching`
/// iterate over the keys of the cache below; `size` counts a key twice that is returned twice. Statistics and
/// health are those of the cache below, plus the refused calls and the clears of this one: put a MetricsCache
/// over it for separate counters.
class PrefixCache final : public CacheLayer, public detail::IKeyPrefix {
 public:
  using passes_on = PassedOn;
  using Options = PrefixCacheOptions;

  /// Throws std::invalid_argument when `over` is not set, and for a prefix longer than a key may be.
  explicit PrefixCache(const PrefixCacheOptions& options, const ComponentContext& context = {});

  void stop() noexcept override;
  [[nodiscard]] std::string_view key_prefix() const noexcept override { return prefix_; }
  [[nodiscard]] CacheStatistics statistics() const override;
  [[nodiscard]] TimeToLive effective_time_to_live(std::string_view key,
                                                  TimeToLive time_to_live) const noexcept override;

  /// The prefix with its separator.
  [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  void do_begin(CacheRequest& request) override;
  [[nodiscard]] bool may_wait() const noexcept override { return below_may_wait(); }
  bool do_begin_async(AsyncRequest& request) override;

 private:
  // Prefixes up to this length are copied as so many bytes, whatever their length.
  static constexpr std::size_t short_prefix = 16;

  class OwnKey;
  class OwnItems;
  class OwnKeys;
  class Clearing;
  class Counting;

  Result<Found> read_other(std::string_view key, Value& destination);
  template <class Forward>
  auto with_prefix(std::string_view key, Forward&& forward) const;
  void add_prefix(CacheRequest& request);
  void add_prefixes(CacheRequest& batch);
  void forward_prefixed(const CacheRequest& batch);
  void scan_own(CacheRequest& request);
  Result<std::uint64_t> remove_below(std::string_view pattern);
  Status clear_own();
  Result<std::uint64_t> count_own();
  bool add_prefix(AsyncRequest& call);
  bool add_prefixes(AsyncRequest& call);
  void keep_own(std::vector<std::string>& keys, std::size_t before) const;
  [[nodiscard]] std::optional<Error> refusal(std::string_view key) const;
  [[nodiscard]] static Error too_long_error();
  [[nodiscard]] std::string below_pattern(std::string_view pattern) const;
  [[nodiscard]] bool too_long(std::string_view key) const noexcept {
    return key.size() > longest_key - prefix_.size();
  }

  const std::string prefix_;
  std::atomic<std::uint64_t> clears_{0};
  // How many lengths of keys take the shortest way. 0 when the prefix is not short, and when the cache is
  // stopped, so that a read has one thing to compare.
  std::atomic<std::size_t> quick_keys_{0};
  std::array<char, short_prefix> start_{};
};

/// A view of `cache` that adds `prefix` to all keys: `prefixed(cache, "user:")->get("42")` reads `user:42`.
/// The prefixes of nested views add up. Throws std::invalid_argument when `cache` is null, and for a prefix
/// longer than a key may be.
[[nodiscard]] std::shared_ptr<ICache> prefixed(std::shared_ptr<ICache> cache, std::string prefix);

}  // namespace cachesite
