#pragma once

#include "basics/fork_mark.hpp"
#include "coroutines/loop_access.hpp"
#include "coroutines/routine.hpp"
#include "queue/server_access.hpp"
#include "queue/stream_queue.hpp"

#include <cachesite/logger.hpp>
#include <cachesite/queue.hpp>

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace cachesite::queue {

/// A consumer of a group, as the server knows it. The user's handle and every message that it received share
/// it; with the last of them it leaves the group. In a forked child calls end with
/// `closed`, and it stays the parent's.
///
/// Where a message is, and what leads from one place to the next:
///
///     in the stream  nobody's, or of a consumer   fetch(), look_after() -> fetched
///                    who did not settle it
///     fetched        here, `fetched_`             receive() -> in hand; stop() -> in the stream
///     in hand        the user has it              acknowledge() -> done; when it is not answered -> owed
///                                                 reject() -> in the stream, to be had after the delay
///                                                 forget(), stop() -> in the stream, when its time is up
///     owed           `debts_`: the server is to   settle_debts() -> done
///                    be told that it is done
///     done           gone for good
///
/// After `max_deliveries` a message goes from the stream to the dead ones instead.
class StreamConsumer : public std::enable_shared_from_this<StreamConsumer> {
 public:
  using Received = Result<std::optional<QueueMessage>>;
  using Patience = std::optional<std::chrono::milliseconds>;

  StreamConsumer(StreamQueue queue, std::string consumer_name);
  ~StreamConsumer();
  StreamConsumer(const StreamConsumer&) = delete;
  StreamConsumer& operator=(const StreamConsumer&) = delete;

  [[nodiscard]] const std::string& queue_name() const noexcept { return queue_.name; }
  Result<std::optional<QueueMessage>> receive(std::chrono::milliseconds wait, const std::stop_token& stop);
  /// The same without a thread that waits. With a patience that is shorter than `wait` it fails with `timeout`.
  coroutines::Routine<Received> async_receive(std::chrono::milliseconds wait, Patience patience,
                                              std::stop_token stop);
  Status acknowledge(const std::string& id);
  coroutines::Routine<Status> async_acknowledge(std::string id, Patience patience, std::stop_token stop);
  /// Where asynchronous calls go on.
  [[nodiscard]] coroutines::LoopAccess loop() const { return coroutines::LoopAccess::of(*queue_.redis); }
  /// The server is told later that it is done.
  void owe(const std::string& id) noexcept;
  Status reject(const std::string& id, std::chrono::milliseconds delay);
  coroutines::Routine<Status> async_reject(std::string id, std::chrono::milliseconds delay, Patience patience,
                                           std::stop_token stop);
  Result<bool> keep(const std::string& id);
  coroutines::Routine<Result<bool>> async_keep(std::string id, Patience patience, std::stop_token stop);
  /// A message went without being settled: it comes again when its time is up.
  void forget(const std::string& id);
  /// Calls that wait end, and what was fetched and not handed out is let go.
  void stop() noexcept;

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Fetched {
    std::string id;
    Value body;
    std::uint64_t deliveries = 1;
    TimePoint since;
  };
  struct Missed;

  // Routines that ask the server as `server` does; with a thread they end at once.
  coroutines::Routine<Received> receive_by(ServerAccess& server, std::chrono::milliseconds wait,
                                           std::stop_token stop);
  coroutines::Routine<Status> look_for_more(ServerAccess& server, TimePoint deadline, std::stop_token stop);
  coroutines::Routine<Received> next_fetched(ServerAccess& server);
  coroutines::Routine<Result<std::chrono::milliseconds>> look_after(ServerAccess& server);
  coroutines::Routine<Status> fetch(ServerAccess& server, std::chrono::milliseconds wait,
                                    std::stop_token stop);
  coroutines::Routine<Status> prepare(ServerAccess& server);
  coroutines::Routine<Status> settle_debts(ServerAccess& server);
  coroutines::Routine<Result<bool>> set_idle(ServerAccess& server, std::string id,
                                             std::chrono::milliseconds idle);
  coroutines::Routine<Status> let_go(ServerAccess& server, bool leave, std::vector<std::string> unseen);
  std::vector<std::string> take_unseen(std::vector<std::string> room) noexcept;

  [[nodiscard]] bool has_fetched();
  Result<std::chrono::milliseconds> note_look(const Result<RedisValue>& reply);
  Status note_fetch(const Result<RedisValue>& reply);
  void add(const RedisValue& entry, std::uint64_t deliveries);
  Status note_acknowledged(const std::string& id, Status told);
  [[nodiscard]] std::chrono::milliseconds idle_before(std::chrono::milliseconds delay) const noexcept;
  Status note_rejected(const std::string& id, std::chrono::milliseconds delay, const Result<bool>& set);
  Result<bool> set_idle(const std::string& id, std::chrono::milliseconds idle);
  void drop(const std::string& id);

  const StreamQueue queue_;
  const std::string name_;
  std::stop_source closing_;
  const basics::ForkMark fork_mark_;
  std::mutex mutex_;
  std::deque<Fetched> fetched_;
  std::multiset<std::string> in_hand_;  // fetched, or handed out and not settled
  std::multiset<std::string> debts_;    // acknowledged, but the server does not know yet
  TimePoint next_look_{};
  std::string look_from_ = "-";
  std::chrono::milliseconds next_due_;
  bool has_group_ = false;
  bool may_have_missed_ = false;  // an answer with messages may have been lost
};

}  // namespace cachesite::queue
