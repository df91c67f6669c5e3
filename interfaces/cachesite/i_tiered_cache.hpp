#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/change_feed.hpp>
#include <cachesite/component.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// Counters of a cache of two tiers since it was created.
struct TierStatistics {
  std::uint64_t near_hits = 0;        ///< reads that the near tier answered with a value or a cached null
  std::uint64_t near_misses = 0;      ///< reads that the near tier answered with "the far tier has nothing"
  std::uint64_t far_hits = 0;         ///< reads that the far tier answered with a value or a cached null
  std::uint64_t far_misses = 0;       ///< reads that found nothing in either tier
  std::uint64_t fills = 0;            ///< entries copied from the far tier into the near one
  std::uint64_t fills_dropped = 0;    ///< copies dropped, because the entry changed meanwhile
  std::uint64_t fills_ruled_out = 0;  ///< copies not made, since a rule says so
  // With coherence.
  std::uint64_t fills_unvouched = 0;      ///< copies not made, since nobody vouched for them
  std::uint64_t stale_hits = 0;           ///< copies served although nobody vouched for them
  std::uint64_t fenced_reads = 0;         ///< reads that first asked whether all news had come
  std::uint64_t pass_through_reads = 0;   ///< reads of the far tier, since nobody vouched for copies
  std::uint64_t news_messages = 0;        ///< messages about changes that were heard
  std::uint64_t news_keys = 0;            ///< keys in them
  std::uint64_t news_keys_with_copy = 0;  ///< those of them that had a copy here
  std::uint64_t everything_changed = 0;   ///< messages that every entry may have changed
  std::uint64_t epochs = 0;               ///< times that somebody began to vouch for copies
  std::uint64_t gaps = 0;                 ///< times that somebody ceased to
  std::uint64_t gap_milliseconds = 0;     ///< how long nobody vouched for copies, all together
  // With a backplane.
  std::uint64_t published = 0;         ///< messages to other processes
  std::uint64_t publish_failures = 0;  ///< attempts to send one that failed; it is sent again
  std::uint64_t received = 0;          ///< messages of other processes
  std::uint64_t bad_messages = 0;      ///< messages that could not be read, or that came from the future
  std::uint64_t sequence_gaps = 0;     ///< times that messages of another process were missed
  std::uint64_t lag_milliseconds = 0;  ///< how long messages took, all together, by the clocks of both sides
  // With recovery.
  std::uint64_t recovery_pending = 0;    ///< keys that have to be removed from the far tier
  std::uint64_t recovery_done = 0;       ///< keys that were
  std::uint64_t recovery_given_up = 0;   ///< keys that the far tier can never remove
  std::uint64_t recovery_forgotten = 0;  ///< keys that there was no room for
  // By `audit` and `audit_sample`.
  std::uint64_t audit_compared = 0;   ///< copies that were compared with the far tier
  std::uint64_t audit_different = 0;  ///< those that differed, although all news had come
};

/// Whether copies are known to be true.
enum class Coherence : std::uint8_t {
  none,          ///< nobody is asked: a copy is served until its TTL ends
  coherent,      ///< somebody vouches for every copy that is served
  fallback,      ///< only the backplane does, or it may miss changes: copies live for a short time
  pass_through,  ///< at present nobody vouches for copies of at least one server
  stopped,       ///< the cache is stopped
};

[[nodiscard]] constexpr std::string_view to_string(Coherence state) noexcept {
  switch (state) {
    case Coherence::none:
      return "none";
    case Coherence::coherent:
      return "coherent";
    case Coherence::fallback:
      return "fallback";
    case Coherence::pass_through:
      return "pass_through";
    case Coherence::stopped:
      return "stopped";
  }
  return "unknown";
}

struct CoherenceReport {
  Coherence state = Coherence::none;
  /// Since when, by the wall clock.
  std::chrono::system_clock::time_point since;
  /// Why the state is what it is, in one sentence; empty when all is well.
  std::string reason;
  /// How long ago the news of the server that is worst off were last known to be complete.
  std::chrono::milliseconds proven_age{0};
  std::vector<ServerReport> servers;
};

/// The copy of one key.
struct CopyReport {
  /// Whether there is one, served or not; what is kept after its end is none.
  bool present = false;
  Found kind = Found::miss;
  std::size_t bytes = 0;
  /// Of the value: equal values have equal ones.
  std::uint32_t hash = 0;
  /// Time until the copy ends.
  Remaining copy_left;
  /// Time until the entry in the far tier ends, where that is known.
  Remaining entry_left;
  /// The unbroken time of news that the copy belongs to, and the one that is vouched for; 0 for none.
  std::uint32_t epoch = 0;
  std::uint32_t served_epoch = 0;
  std::uint16_t server = 0;
  /// Whether a read would get it.
  bool served = false;
  /// Why not, in a few words; empty when it is.
  std::string_view why_not;
  /// The place of the rule that matches the key; -1: none.
  int rule = -1;
  /// Whether the key has to be removed from the far tier before it is read, since a change of it failed.
  bool recovery_pending = false;
};

/// What a comparison of copies with the far tier has found.
struct AuditReport {
  /// Copies that were compared: `equal` and `different`. One that changed meanwhile is not counted.
  std::uint64_t compared = 0;
  std::uint64_t equal = 0;
  /// Copies that were still served when all news of what the far tier had were known. They are dropped.
  std::uint64_t different = 0;
  /// Those of them that the far tier has nothing for.
  std::uint64_t absent_far = 0;
  /// Copies that could not be compared, since the far tier or the news could not be reached.
  std::uint64_t failed = 0;
  /// Keys of some that were different.
  std::vector<std::string> examples;
};

/// The near tier of a cache of two tiers. All calls are safe from any thread.
class ITieredCache : public Interface<ITieredCache, "ITieredCache"> {
 public:
  /// Drops the copy of `key`; the next read asks the far tier. For programs that learn of changes in another
  /// way. True when there was a copy.
  virtual bool forget_near(std::string_view key) noexcept = 0;
  /// Drops all copies.
  virtual void clear_near() noexcept = 0;
  /// Number of entries in the near tier.
  [[nodiscard]] virtual std::uint64_t near_size() noexcept = 0;
  [[nodiscard]] virtual TierStatistics tier_statistics() const noexcept = 0;

  /// Who vouches for copies.
  [[nodiscard]] virtual CoherenceReport coherence() const = 0;
  /// Waits, at most for `limit`, until every write that anybody had acknowledged before this call is known
  /// here: no copy that is served afterwards is older than the call. `unsupported` without tracking.
  virtual Status fence(std::chrono::milliseconds limit) noexcept = 0;
  /// What is known of the copy of `key`, without its value.
  [[nodiscard]] virtual CopyReport explain_copy(std::string_view key) noexcept = 0;
  /// Compares `most` copies that are served with the far tier, `keys_per_second` of them (0: as fast as it goes),
  /// and drops those that differ. Takes as long as that; `stop` ends it. Without coherence copies may differ until they
  /// end. An empty report when memory ends.
  virtual AuditReport audit(std::uint64_t most, std::uint64_t keys_per_second) noexcept = 0;
};

/// Is told what becomes of the copies of a TieredCache. Called like hooks: what it throws is caught and logged. It
/// may call the cache, but should be quick: `on_coherence` is called by the thread that hears the news, and while it
/// runs none are heard.
class ITierListener : public Interface<ITierListener, "ITierListener"> {
 public:
  /// Somebody began or ceased to vouch for copies of a server.
  virtual void on_coherence(const CoherenceReport&) {}
  /// A read got a copy that was stale for `age`, in place of this failure. By the thread that reads.
  virtual void on_stale_served(std::string_view, std::chrono::milliseconds, const Error&) {}
  /// Keys that had changed during an outage were removed from the far tier, or never can be. By the thread of
  /// the call that did it.
  virtual void on_recovery(std::uint64_t, std::uint64_t) {}
};

}  // namespace cachesite
