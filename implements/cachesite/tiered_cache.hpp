#pragma once

#include <cachesite/backplane.hpp>
#include <cachesite/cache.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/change_feed.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/i_foreign_changes.hpp>
#include <cachesite/detail/i_stale_store.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/i_tiered_cache.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cachesite {

/// Who says that copies are true.
enum class CoherenceMode : std::uint8_t {
  none,       ///< nobody: a copy is served until its TTL ends
  backplane,  ///< the processes with copies: they tell each other of their changes
  tracking,   ///< the servers: they tell of every change, whoever makes it (Redis 6 or later)
  both,       ///< the servers, and while they do not the processes
};

/// How servers tell of changes.
enum class TrackingForm : std::uint8_t {
  broadcast,  ///< of all keys of the cache
  selective,  ///< of the keys that this process has read; not built yet, and refused
};

/// What a read does while nobody vouches for the copies.
enum class WhenIncoherent : std::uint8_t {
  pass_through,  ///< asks the far tier
  serve,         ///< takes a copy that is not older than keep_stale, and asks the far tier otherwise
  fail,          ///< fails with `unreachable`
};

/// How it is shown that the news are complete.
enum class NewsCheck : std::uint8_t {
  probe,  ///< by a write of the cache's own, which has to come back as news
  ping,   ///< by an answer on the connection of the news
};

/// How a TieredCache keeps its copies true.
struct CoherenceOptions {
  CoherenceMode mode = CoherenceMode::none;
  TrackingForm tracking = TrackingForm::broadcast;
  FeedProtocol protocol = FeedProtocol::automatic;
  std::chrono::milliseconds max_staleness{2'000};
  WhenIncoherent when_incoherent = WhenIncoherent::pass_through;
  NewsCheck verify = NewsCheck::probe;
  std::chrono::milliseconds probe_interval{10'000};
  std::chrono::milliseconds fallback_ttl{5'000};
  Reference<IBackplane> backplane;

  static ParameterTable parameters();
  /// Whether servers tell of changes.
  [[nodiscard]] bool tracks() const noexcept {
    return mode == CoherenceMode::tracking || mode == CoherenceMode::both;
  }
  /// What does not go together, with these settings of the tiers.
  [[nodiscard]] std::vector<std::string> complaints(std::optional<std::chrono::milliseconds> near_ttl,
                                                    std::chrono::milliseconds keep_stale) const;
};

/// What a read does when the far tier cannot be reached.
enum class WhenFarFails : std::uint8_t {
  error,  ///< fails
  stale,  ///< takes a copy that has ended, or that nobody vouches for, for at most keep_stale
};

/// What becomes of a change whose outcome is not known, since the far tier failed.
enum class RecoveryMode : std::uint8_t {
  automatic,  ///< `remove` with coherence, `none` without
  none,       ///< nothing: the far tier may keep an old value until its TTL ends
  remove,     ///< the key is removed from the far tier once that works again
};

/// How a TieredCache goes on after an outage of its far tier.
struct RecoveryOptions {
  RecoveryMode mode = RecoveryMode::automatic;
  std::uint64_t keys = 10'000;
  ByteSize bytes{std::uint64_t{4} * 1024 * 1024};
  std::chrono::milliseconds delay{500};
  std::uint64_t rate = 2'000;

  static ParameterTable parameters();
};

/// Settings for the copies of some keys, in place of those of the cache.
struct TierRule {
  /// See `matches_key_pattern`.
  std::string match;
  std::optional<std::chrono::milliseconds> near_ttl;
  bool near = true;
  std::optional<std::chrono::milliseconds> keep_stale;
  std::optional<std::chrono::milliseconds> negative_ttl;

  static ParameterTable parameters();
  /// What is wrong with rules of a cache; `tracks`: servers tell it of changes.
  [[nodiscard]] static std::vector<std::string> complaints(const std::vector<TierRule>& rules, bool tracks);
};

/// Settings of a TieredCache, explained by `cachesite describe TieredCache` and configs/reference.md.
struct TieredCacheOptions {
  Reference<ICache> over;
  Reference<ICache> near;
  std::optional<std::chrono::milliseconds> near_ttl;
  std::chrono::milliseconds negative_ttl{5'000};
  std::chrono::milliseconds keep_stale{0};
  WhenFarFails when_far_fails = WhenFarFails::error;
  CoherenceOptions coherence;
  RecoveryOptions recovery;
  std::vector<TierRule> rules;
  double audit_sample = 0;
  std::vector<Reference<ITierListener>> listeners;

  static constexpr std::chrono::hours longest_keep{30 * 24};

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// A cache of two tiers: a near one with copies, in front of a far one that holds every entry.
///
/// A read asks the near tier, then the far one, and keeps a copy of the found value or null, or remembers a
/// miss for `negative_ttl`. A copy lives for `near_ttl`, but not longer than the TTL of its entry, which the
/// far tier tells in the same round trip. With `ttl_jitter` the far tier may end an entry
/// earlier than its TTL; a copy that was made by a write then stays longer. Writes go to the far tier first;
/// only stored values are copied. A failed or uncertain write drops the copy, so the near tier never holds a
/// refused value; a failed read is not remembered as a miss. While the far tier is unreachable, copies are
/// served until they expire.
///
/// A copy of an old value never replaces a new one: a read that began before a change of the same key by this
/// object keeps no copy. Changes by other processes, and changes of the far tier that bypass this object
/// (such as `evict_tags` of a TaggedCache below), are seen when the copy expires, or after `forget_near` or
/// `clear_near`.
///
/// With `keep_stale`, an ended copy stays in the near tier for so long, and a RememberCache above may return
/// it; ordinary reads do not. A change of the key by this object removes it at once.
///
/// With `coherence: tracking` the servers of the far tier tell of each change, whoever makes it, and a copy is
/// served only while it is known to be true: as long as the news of its server come without a gap, and at most
/// `max_staleness` after they were last known to be complete. A gap in the news makes all copies of that
/// server worthless at once; reads then go to the far tier. An own write drops the copy of its key. Changes
/// that the server does not tell are SWAPDB and the removal of a key that is not there. This needs a
/// MemoryCache as the near tier, which notes who vouches for each copy, and a far tier whose servers tell of
/// changes (see IChangeFeed), through layers that change no keys or only add a prefix.
///
/// With `coherence: backplane` the processes that have copies tell each other of their changes, by an IBackplane. What
/// other programs change is not heard, and a copy of it stays until its TTL ends. An own write keeps its copy. With
/// `both` each change is told in both ways: the servers vouch for copies, and while the news of one are missing
/// the backplane does, for copies that live at most `fallback_ttl`.
///
/// With `recovery` a key whose change failed as in an outage is remembered. Once the far tier works again, such keys
/// are removed from it, before anything else is done with them: a removal costs a miss, while what was lost
/// could only be guessed. Until then a call about such a key fails, and it has no copy.
///
/// `contains`, `time_to_live`, `keys` and `size` ask the far tier. `expire`, `persist`, `increment` and
/// `remove_matching` change the far tier and drop the copies. Failures of the near tier are ignored.
class TieredCache final : public CacheLayer,
                          public ITieredCache,
                          public detail::IStaleStore,
                          public detail::IForeignChanges {
 public:
  using provides = Provides<ICache, ITieredCache>;

  using Options = TieredCacheOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, and when a tier is not set.
  explicit TieredCache(TieredCacheOptions options, const ComponentContext& context = {});
  ~TieredCache() override;

  void stop() noexcept override;
  /// Degraded while only the far tier is down, also when no copies are served then; while nobody vouches for copies, or only a
  /// backplane in place of a server; and while the far tier may hold old values that `recovery` had no room for.
  [[nodiscard]] Health health() const override;
  /// Hits, misses, failures, writes and removals count the calls of this layer; the rest are those of the far
  /// tier.
  [[nodiscard]] CacheStatistics statistics() const override;

  /// Replaces the rules, and drops all copies, so that none lives by those before. Safe from any thread. Throws
  /// std::invalid_argument with what is wrong with them, and then changes nothing.
  void set_rules(const std::vector<TierRule>& rules);

  bool forget_near(std::string_view key) noexcept override;
  void clear_near() noexcept override;
  [[nodiscard]] std::uint64_t near_size() noexcept override;
  [[nodiscard]] TierStatistics tier_statistics() const noexcept override;
  [[nodiscard]] CoherenceReport coherence() const override;
  Status fence(std::chrono::milliseconds limit) noexcept override;
  [[nodiscard]] CopyReport explain_copy(std::string_view key) noexcept override;
  AuditReport audit(std::uint64_t most, std::uint64_t keys_per_second) noexcept override;

  bool keep_ended(std::chrono::milliseconds time) noexcept override;
  void forget_ended() noexcept override;

  bool add_listener(detail::IForeignChangeListener& listener) override;
  void remove_listener(detail::IForeignChangeListener& listener) noexcept override;
  void await_changes(std::chrono::milliseconds limit) noexcept override;
  [[nodiscard]] bool tells_own_changes() const noexcept override;

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  void do_begin(CacheRequest& request) override;
  [[nodiscard]] bool may_wait() const noexcept override;
  bool do_begin_async(AsyncRequest& request) override;

 private:
  class AsyncChange;
  class AsyncFill;
  class AsyncFills;
  class AsyncLook;
  class FarReads;
  class Inner;
  class StoreTickets;

  void read_copy(CacheRequest& request);
  Result<Found> answer_with_life(CacheRequest& request);
  Result<Found> read_unknown(std::string_view key, Value& destination);
  Result<Found> fetch(CacheRequest& read);
  void forget_copies(const CacheRequest& request);
  void keep_copies(const CacheRequest& stored, const StoreTickets& tickets);
  void note_change(const CacheRequest& request, const StoreTickets& tickets);
  bool read_async(AsyncRequest& call);
  bool read_many_async(AsyncRequest& call);
  void read_many(CacheRequest& batch);
  void ask_far(CacheRequest& request);

  const detail::ImplementationPointer<Inner> inner_;
};

}  // namespace cachesite
