#pragma once

#include "basics/inherited.hpp"
#include "basics/stop_signal.hpp"
#include "redis/base/deadline.hpp"
#include "redis/base/wake_signal.hpp"
#include "redis/transport/connector.hpp"
#include "redis/transport/transport.hpp"
#include "redis/wire/command.hpp"
#include "redis/wire/encoded_commands.hpp"
#include "redis/wire/reply_stream.hpp"

#include <cachesite/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cachesite::redis {

/// A connection with one user. Commands are queued by `write` and sent by `next`, which also reads, so
/// that it never waits for a server that waits for its answers to be read.
///
///     new     not connected          open() succeeds -> open; it fails -> of no use
///     open    its user writes and    the server or the network ends it, an answer is malformed, interrupt(),
///             reads                  abandon() -> failed
///     failed  calls give failure()   final
///
/// In a forked child it counts as failed, since it belongs to the parent.
class ExclusiveConnection {
 public:
  explicit ExclusiveConnection(ConnectorOptions options);
  ~ExclusiveConnection();
  ExclusiveConnection(const ExclusiveConnection&) = delete;
  ExclusiveConnection& operator=(const ExclusiveConnection&) = delete;

  /// Connects and logs in.
  std::optional<Error> open(TimePoint deadline);

  /// Ends whatever its user waits for, now or later. From any thread, any number of times.
  void interrupt() noexcept;
  [[nodiscard]] bool interrupted() const noexcept;

  /// Queues a command. Large arguments are not copied: they have to stay until it is sent.
  void write(const Command& command);

  enum class Progress : std::uint8_t { reply, timed_out, lost };
  /// Sends what is queued and reads one reply. A reply that is incomplete at the deadline goes on in the next
  /// call with the same `reply`. After `lost`, `failure()` says why.
  Progress next(Reply& reply, TimePoint deadline);
  [[nodiscard]] const Error& failure() const noexcept { return *failure_; }

  /// Waits until there may be something to read, or until the signal is raised.
  void await(const WakeSignal& wake, TimePoint deadline);

  /// Forgets the commands so far, all of which are answered.
  void begin_count() noexcept;
  /// How many of the commands queued since then were given to the kernel completely.
  [[nodiscard]] std::size_t sent() const noexcept;

  /// When it was opened.
  [[nodiscard]] TimePoint opened() const noexcept { return opened_; }
  /// The address that it is connected to; empty for a unix socket.
  [[nodiscard]] const std::string& peer() const noexcept { return peer_; }
  [[nodiscard]] const ConnectorOptions& options() const noexcept { return options_; }
  /// It is not to be used by anybody else after this user.
  void retire() noexcept { retired_ = true; }
  /// Makes the connection unusable.
  void abandon(Error reason);
  /// True when it can be used for further commands: it holds, and nothing has come that nobody asked for.
  [[nodiscard]] bool usable();

 private:
  bool flush();
  bool receive(bool& nothing);
  Progress lose(Error reason);

  ConnectorOptions options_;
  const basics::ForkMark fork_mark_;
  basics::StopSignal stop_signal_;
  ReplyStream stream_;
  EncodedCommands output_;
  std::size_t written_ = 0;        // bytes of the output
  std::vector<std::size_t> ends_;  // of the commands, within the output
  std::size_t sent_before_ = 0;    // commands whose output is not kept any more
  std::optional<Error> failure_;
  TimePoint opened_{};
  std::string peer_;
  bool retired_ = false;

  mutable std::mutex mutex_;  // of the two below, for interrupt()
  std::unique_ptr<Transport> transport_;
  Transport* announced_ = nullptr;
  bool interrupted_ = false;
};

}  // namespace cachesite::redis
