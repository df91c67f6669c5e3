#pragma once

#include "redis/base/deadline.hpp"
#include "redis/channel/waiter.hpp"

#include <cstdint>

namespace cachesite::redis {

template <class Threads>
class BasicChannel;

/// Why a home looks at a channel.
enum class Look : std::uint8_t {
  wanted,  // the channel asked for it
  ready,   // its descriptor has become readable or writable, or a pause is over
  overdue  // as `ready`, and a request that was sent has not been answered by its deadline
};

/// What came of a look at a channel.
struct Attended {
  Waiter* ended = nullptr;  // those whose requests have ended, a list by `next`
  /// Something waits for room to send: where the descriptor is not watched by its edges, it has to be watched
  /// for writing until the next look.
  bool wants_to_send = false;
  TimePoint paused_until{};  // when there is to be another look, since the connection leaves room for others
};

/// The event loop of a channel, as the channel sees it: it tells the waiters, and leads when no thread does.
/// Whatever the channel calls here is called without a lock of the channel.
template <class Threads>
class BasicChannelHome {
 public:
  /// These have ended, a list by `next`: each is to be told by its `ended`, soon and not within this call.
  virtual void deliver(Waiter* ended) noexcept = 0;
  /// Nobody leads, and there is something to write or to read: `attend` is to be called with Look::wanted,
  /// soon and not within this call. Not called again before that.
  virtual void wanted(BasicChannel<Threads>& channel) noexcept = 0;
  /// From now on `attend` is to be called with Look::ready whenever the descriptor becomes readable or
  /// writable, and now if it is. It is enough to watch for its edges. It is not closed during this call, and
  /// closing it ends the watch. False when it cannot be watched, which ends the connection.
  virtual bool watch(BasicChannel<Threads>& channel, int descriptor) noexcept = 0;

 protected:
  ~BasicChannelHome() = default;
};

}  // namespace cachesite::redis
