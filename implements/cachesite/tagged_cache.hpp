#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/i_tagged_cache.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/redis.hpp>
#include <cachesite/reference.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// How a TaggedCache records the entries of a tag.
enum class TagForm : std::uint8_t {
  /// A marker for each tag in the cache below; works over every cache.
  markers,
  /// A Redis set for each tag with the full keys of its entries, like spakky-redis.
  spakky,
};

/// Settings of a TaggedCache, explained by `cachesite describe TaggedCache` and configs/reference.md.
struct TaggedCacheOptions {
  Reference<ICache> over;
  TagForm form = TagForm::markers;
  Reference<IRedis> connection;
  std::string prefix;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// Gives the entries of another cache tags.
///
/// **Markers**, the default form. Each tag has one entry in the cache below, its marker, whose value is a
/// random number of 128 bits. A tagged entry holds its tags and the numbers of their markers; it is valid
/// while all markers still have these numbers. `evict_tags` removes the markers, in one call however many
/// entries there are, and the entries are misses from then on. There is no index that could grow, and no
/// clock; a lost marker causes misses, never stale values.
///
/// - Markers are entries `__tag_marker__:<tag>` of the cache below. Ordinary keys that begin like this are
///   refused with `bad_argument`; scans, `size` and `remove_matching` skip markers, and `clear` removes them
///   too.
/// - A marker lives at least as long as every entry that was written with it, and at most twice as long. The
///   marker of an entry that never expires stays until its tag is evicted or the cache is cleared.
/// - `evict_tags` returns how many of the tags were in use.
/// - An entry whose tags were evicted is absent for `get`, `get_many`, `contains`, `time_to_live`, `expire`,
///   `persist`, `add`, `replace` and `increment`. `remove`, `remove_matching`, `scan` and `size` do not read
///   values: for them the entry exists until its TTL ends. `add` and `increment` remove it first; a
///   concurrent write of another process may be lost, which is a miss later.
/// - `write`, `add`, `replace` and `set_many` store an entry without tags. `expire` and `persist` keep the
///   tags and extend the TTLs of their markers. An entry with tags cannot be a counter.
/// - A value that was read from its source before an eviction and written after it has the new marker, and is
///   served. If that matters, read and write under one lock, or read again.
///
/// Reading a tagged entry costs one more `get_many`; writing one costs one `get_many` and one
/// `time_to_live_many`; `contains` and `time_to_live` read the value. Entries without tags are stored
/// unchanged and cost nothing more. A tagged value is stored as
///
///     C1 54 47 | version 01 | flags, 1: a cached null | number of tags
///     for each tag: length (2), tag, number (16)
///     value
///
/// with numbers in network order; a value without tags that begins with C1 54 47 is stored in that form with
/// no tags. Other bytes with that beginning fail with `corrupt`.
///
/// **spakky**, for sharing a server with programs that use spakky-redis: each tag has a set
/// `<prefix>__tag__:<tag>` of the full keys of its entries. One script writes an entry and its sets. An
/// eviction uses several scripts that each unlink some hundred keys of the set, so a large tag does not block
/// the server. `evict_tags` returns the number of removed entries; spakky-redis also counts the sets. As in
/// the original, the sets never expire, keep keys of expired entries, and evict a key that was written again
/// without the tag. Keys that begin with `__tag__:` are refused, and scans skip them.
///
/// `hits`, `misses`, `writes`, `removals` and `tag_evictions` of the statistics count the calls of this
/// layer; the others are those of the cache below, which also counts operations on markers.
class TaggedCache final : public CacheLayer, public ITaggedCache {
 public:
  using provides = Provides<ICache, ITaggedCache>;

  using Options = TaggedCacheOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, and when `over` is not set.
  explicit TaggedCache(TaggedCacheOptions options, const ComponentContext& context = {});
  ~TaggedCache() override;

  [[nodiscard]] CacheStatistics statistics() const override;
  // Both bases have these by the one IComponent.
  void stop() noexcept override { CacheLayer::stop(); }
  [[nodiscard]] Health health() const override { return CacheLayer::health(); }

 protected:
  Status do_write_tagged(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                         std::span<const std::string_view> tags) override;
  Result<std::uint64_t> do_evict_tags(std::span<const std::string_view> tags) override;

  Result<Found> do_read(std::string_view key, Value& destination) override;
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  void do_begin(CacheRequest& request) override;
  bool do_begin_async(AsyncRequest& call) override;
  [[nodiscard]] bool may_wait() const noexcept override { return below_may_wait(); }

 private:
  class Inner;
  class AsyncEnd;
  class AsyncPart;
  class AsyncScan;
  explicit TaggedCache(std::unique_ptr<Inner> inner);

  [[nodiscard]] bool is_reserved(std::string_view key) const noexcept;
  void pass(CacheRequest& request);
  bool pass_batch_async(AsyncRequest& call);
  void scan_own(CacheRequest& request);
  void keep_own(std::vector<std::string>& keys, std::size_t from) const;
  void remove_own(CacheRequest& request);
  Result<std::uint64_t> count_own();

  detail::ImplementationPointer<Inner> inner_;
};

}  // namespace cachesite
