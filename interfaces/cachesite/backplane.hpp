#pragma once

#include <cachesite/component.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cachesite {

/// What processes tell each other about an entry.
enum class ChangeAction : std::uint8_t {
  set = 1,       ///< it was written
  remove = 2,    ///< it was removed, also when there was none
  expire = 3,    ///< its end may be another; its value is the same
  extend = 4,    ///< it lives for `extra` seconds from now; its value is the same
  clear = 5,     ///< all entries were removed
  matching = 6,  ///< all entries whose keys match the pattern `key` were removed (`*`, as for ICache::keys)
};

/// One change. The view is valid during the call that it is an argument of.
struct BackplaneChange {
  ChangeAction action = ChangeAction::set;
  /// A key or a pattern, at most 64 KiB; empty for `clear`.
  std::string_view key;
  /// Of the value; 0: not known.
  std::uint64_t version = 0;
  std::uint32_t extra = 0;
};

/// Counters of a backplane since it was created, and what is the case now.
struct BackplaneStatistics {
  std::uint64_t published = 0;         ///< messages that were sent
  std::uint64_t publish_failures = 0;  ///< attempts to send one that failed; it is sent again
  std::uint64_t overflows = 0;      ///< times that too many changes waited, so that `clear` was sent for all
  std::uint64_t received = 0;       ///< messages of others
  std::uint64_t bad_messages = 0;   ///< messages that could not be read, or that came from the future
  std::uint64_t sequence_gaps = 0;  ///< times that messages of a source were missed
  std::uint64_t lag_milliseconds = 0;  ///< of the messages of others, all together, by the clocks of both
  std::uint64_t waiting = 0;           ///< changes that wait to be sent
  std::uint64_t sources = 0;           ///< other processes that are known
  std::uint64_t silent_sources = 0;    ///< those of them that have not been heard for too long
};

/// Who vouches for copies by a backplane.
struct BackplaneState {
  /// Number of an unbroken time of messages; 0: messages may be missed at present.
  std::uint32_t epoch = 0;
  /// Another process is silent, or cannot be told from others: nobody knows whether its changes are missed.
  bool doubtful = false;
};

/// Called by threads of the backplane, one at a time; must not block.
class IBackplaneListener {
 public:
  virtual ~IBackplaneListener() = default;
  /// Changes that others have made: other processes, and other watchers of the same backplane.
  virtual void on_changes(std::span<const BackplaneChange> changes) noexcept = 0;
  /// What was told before may be incomplete when the epoch is another one. Comes before changes that are heard
  /// afterwards.
  virtual void on_state(const BackplaneState& state) noexcept = 0;
  /// All that was sent before this time has come: nanoseconds of the clock of the context.
  virtual void on_proven(std::int64_t as_of) noexcept = 0;
  /// What the listener has to say to others, such as a logger, about what `on_state` has told: asked for
  /// afterwards, and run when no lock is held. It owns what it uses, since the listener may be gone by then.
  [[nodiscard]] virtual std::function<void()> take_notice() { return {}; }
};

/// One watcher of a backplane. It stops when it is destroyed: no call of the listener is under way afterwards.
/// All calls are safe from any thread.
class IBackplaneWatch {
 public:
  virtual ~IBackplaneWatch() = default;

  /// Tells the others. Returns at once: the changes wait in a queue, one for each key, and what cannot be sent is
  /// sent later. When the queue is full, or without memory, all others are told `clear` instead.
  virtual void publish(std::span<const BackplaneChange> changes) noexcept = 0;
  [[nodiscard]] virtual BackplaneStatistics statistics() const noexcept = 0;
  /// Why messages may be missed at present, in one sentence; empty when all is well.
  [[nodiscard]] virtual std::string reason() const = 0;
};

/// What processes with copies of the same entries tell each other about changes. A change that is made past it,
/// by a program that does not use it, is not heard. RedisBackplane is one over PUBLISH and SUBSCRIBE of Redis.
///
/// All caches that use one backplane have to hold the same entries: they hear the changes of each other.
class IBackplane : public Interface<IBackplane, "IBackplane"> {
 public:
  /// The listener must outlive the watch; it is told the present state at once. `proof` is how often it has to be
  /// proved that messages come. Throws std::bad_alloc, and std::system_error when no thread can be started.
  [[nodiscard]] virtual std::unique_ptr<IBackplaneWatch> watch(IBackplaneListener& listener,
                                                               std::chrono::milliseconds proof) = 0;
};

}  // namespace cachesite
