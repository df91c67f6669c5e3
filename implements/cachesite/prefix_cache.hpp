#pragma once

#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
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

/// Settings of a PrefixCache.
struct PrefixCacheOptions {
  /// The cache that holds the entries.
  Reference<ICache> over;
  /// Put in front of every key, before `separator`.
  std::string prefix;
  /// Stands between the prefix and the key. Without a prefix there is no separator either.
  std::string separator;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// A part of another cache: every key of every call gets a prefix, and what comes back has it taken off. To
/// its user it is a cache of its own: `keys`, `size`, `remove_matching` and `clear` are of the keys with the
/// prefix and of nobody else's, whatever characters are in it. Prefixes add up when one stands over another.
///
/// The key layouts of other systems:
///
///     FivcGlue      no prefix
///     spakky        prefix: "spakky:cache:"
///     rick          prefix: "shop"                       the prefix and the key, with nothing between
///     redis-kit     prefix: "shop" and separator: ":"    the separator only when there is a prefix
///
/// The prefix of a cache never changes. Where rick's `set_prefix` changes it in a running program, a program
/// of this library makes another view with `prefixed`, which costs one allocation and leaves those alone who
/// use the old one.
///
/// A key that is longer than 64 KiB with its prefix is refused with `too_large` before anything else happens.
/// Single calls with keys of up to some hundred bytes allocate nothing. `size`, `clear` and `remove_matching`
/// walk the keys of the cache below; a key that the walk meets twice is counted twice by `size`. Statistics
/// and health are those of the cache below, with the refused calls and the clears of this one added: put a
/// MetricsCache over it for counters of its own.
class PrefixCache final : public CacheLayer {
 public:
  using Options = PrefixCacheOptions;

  /// Throws std::invalid_argument when `over` is not set, and for a prefix longer than a key may be.
  explicit PrefixCache(const PrefixCacheOptions& options, const ComponentContext& context = {});

  void stop() noexcept override;
  [[nodiscard]] CacheStatistics statistics() const override;

  /// The prefix with its separator.
  [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }

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
  // Prefixes up to this length are copied as so many bytes, whatever their length.
  static constexpr std::size_t short_prefix = 16;

  Result<Found> read_other(std::string_view key, Value& destination);
  template <class R, class Forward>
  R with_prefix(std::string_view key, Forward&& forward);
  template <class R, class Forward>
  void with_prefixes(std::span<const std::string_view> keys, std::span<R> results, Forward&& forward);
  [[nodiscard]] std::optional<Error> refusal(std::string_view key) const;
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

/// A view of `cache` whose keys all begin with `prefix` there: `prefixed(cache, "user:")->get("42")` reads
/// `user:42`. Views of views add up. Throws std::invalid_argument when `cache` is null and for a prefix
/// longer than a key may be.
[[nodiscard]] std::shared_ptr<ICache> prefixed(std::shared_ptr<ICache> cache, std::string prefix);

}  // namespace cachesite
