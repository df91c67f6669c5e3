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

/// How a TaggedCache keeps which entries a tag has.
enum class TagForm : std::uint8_t {
  /// A marker for each tag in the cache below; works over every cache.
  markers,
  /// A Redis set for each tag with the full keys of its entries, as spakky-redis has them.
  spakky,
};

/// Settings of a TaggedCache.
struct TaggedCacheOptions {
  /// The cache that holds the entries. For the form spakky it has to be a RedisCache on the server of
  /// `connection` with the same `prefix`.
  Reference<ICache> over;
  TagForm form = TagForm::markers;
  /// The server of the sets; of the form spakky alone, which needs it.
  Reference<IRedis> connection;
  /// What stands in front of every key at the server; of the form spakky alone. On a Redis Cluster it has to
  /// hold a hash tag, such as `{shop}:`, so that an entry and its sets lie in one slot.
  std::string prefix;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

namespace layers {
struct TagMark;
}

/// Gives the entries of another cache tags.
///
/// **Markers**, the form of its own. Each tag has one entry in the cache below, its marker, whose value is a
/// random number of 128 bits. A tagged entry carries its tags and the number that each marker had when it was
/// written; it is served as long as all of them still have that number. `evict_tags` removes the markers, one
/// call however many entries there are, and the entries are misses from that moment on. There is no index
/// that could grow or be left behind, and no clock; a marker that is lost makes misses, never old values.
///
/// - Markers are entries `__tag_marker__:<tag>` of the cache below. Ordinary keys that begin like this are
///   refused with `bad_argument`; scans, `size` and `remove_matching` leave markers out, and `clear` removes
///   them with everything else.
/// - A marker lives at least as long as every entry that was written with it, at most twice as long: it goes
///   by itself. The marker of an entry that never expires stays until its tag is evicted or the cache is
///   cleared.
/// - `evict_tags` returns how many of the tags had a marker, that is, were in use.
/// - An entry whose tags were evicted is absent for `get`, `get_many`, `contains`, `time_to_live`, `expire`,
///   `persist`, `add`, `replace` and `increment`. `remove`, `remove_matching`, `scan` and `size` look at
///   entries, not into them: for them it is there until its TTL is over. `add` and `increment` remove it to
///   make room; a write of another process at that very moment may be lost, which is a miss later.
/// - `write`, `add`, `replace` and `set_many` store an entry without tags. `expire` and `persist` keep the
///   tags and lengthen the life of their markers. An entry with tags is no counter.
/// - A value that was read from its source before an eviction and is written after it began is stored with
///   the new marker, and served: write what you read within the same lock, or read again, where that matters.
///
/// Reading a tagged entry costs one `get_many` more, writing one costs one `get_many` and one
/// `time_to_live_many`; `contains` and `time_to_live` read the value. Entries without tags are stored as they
/// are, and their reads cost nothing. A tagged value is stored as
///
///     C1 54 47 | version 01 | flags, 1: a cached null | number of tags | for each: length (2), tag, number
///     (16)
///     value
///
/// with numbers in network order; a value without tags that begins with C1 54 47 is stored in that form with
/// no tags. Bytes of that beginning which are nothing of the kind fail with `corrupt`.
///
/// **spakky**, for sharing a server with programs that use spakky-redis: each tag has a set
/// `<prefix>__tag__:<tag>` of the full keys of its entries. Entry and sets are written by one script, and
/// evicted by scripts that each take some hundred keys out of the set and unlink them, so nothing is answered
/// or blocked by the size of a tag. `evict_tags` returns how many entries were removed; spakky-redis counts
/// the sets as well. The sets keep their properties of the original: they never expire, keep keys whose
/// entries are gone, and evict a key that was written again without the tag. Keys that begin with `__tag__:`
/// are refused, and are left out of scans.
///
/// `hits`, `misses`, `writes`, `removals` and `tag_evictions` of the statistics are the layer's own, the
/// others are those of the cache below, which also counts what is done to markers.
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

 private:
  class Inner;
  enum class State : std::uint8_t { absent, untagged, tagged, evicted };

  [[nodiscard]] bool is_reserved(std::string_view key) const noexcept;
  void store(CacheRequest& request);
  void remove_known(CacheRequest& request);
  void begin_batch(CacheRequest& batch);
  void pass_batch(CacheRequest& batch);
  Result<bool> add_entry(const CacheRequest& request);
  Result<bool> replace_entry(const CacheRequest& request);
  Result<std::int64_t> add_to_counter(const CacheRequest& request);
  Result<bool> is_there(std::string_view key);
  Result<Remaining> life_of(std::string_view key);
  Result<bool> lengthen(const CacheRequest& request);
  void scan_own(CacheRequest& request);
  Result<std::uint64_t> remove_own(const CacheRequest& request);
  Result<std::uint64_t> count_own();
  void drop_evicted(std::span<const std::string_view> keys, std::span<Result<Remaining>> results);
  void write_untagged(CacheRequest batch);
  void read_untagged(std::span<const std::string_view> keys, std::span<Lookup> results);
  Result<State> examine(std::string_view key, Value& stored, std::vector<layers::TagMark>& marks);
  Result<bool> remove_evicted(std::string_view key);
  Result<bool> prepare_longer_life(std::string_view key, TimeToLive time_to_live);

  detail::ImplementationPointer<Inner> inner_;
};

}  // namespace cachesite
