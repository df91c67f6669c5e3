#pragma once

#include "backplane/change_queue.hpp"
#include "backplane/hybrid_clock.hpp"
#include "backplane/message.hpp"
#include "backplane/source_judge.hpp"
#include "basics/back_off.hpp"
#include "basics/condition.hpp"
#include "basics/fork_mark.hpp"
#include "basics/thread.hpp"

#include <cachesite/backplane.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/result.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::backplane {

/// The part of a backplane that any channel can carry: its watchers, the queue of what is to be told, the thread
/// that sends it, and the judgement of what is heard. A message that cannot be sent is sent again until it can be,
/// with the same sequence, so an outage of the channel makes no gap. Safe from any thread; in a forked child
/// nothing is done.
class Bus {
 public:
  struct Settings {
    SourceId own{};
    std::chrono::milliseconds beat{1'000};
    std::size_t most_waiting = 10'000;
  };
  using Send = std::function<Status(std::string_view message)>;

  Bus(const Settings& settings, const ComponentContext& context, Send send);
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  /// The thread holds on to `owner` until it ends. Throws std::bad_alloc, and std::system_error when no thread can be
  /// started.
  void add(IBackplaneListener& listener, std::chrono::milliseconds proof, std::shared_ptr<void> owner = {});
  void remove(const IBackplaneListener& listener) noexcept;
  void publish(std::span<const BackplaneChange> changes, const IBackplaneListener* origin) noexcept;
  /// Tries for about a second to send what waits, and says that this source stops. On the bus's own thread, where
  /// what is said about copies may call it, that is done after the return.
  void stop() noexcept;

  // What the channel tells.
  void listening() noexcept;
  void lost(const Error& reason) noexcept;
  void received(std::string_view bytes) noexcept;

  [[nodiscard]] BackplaneStatistics statistics() const noexcept;
  /// Why messages may be missed, in one sentence; empty when all is well.
  [[nodiscard]] std::string reason() const;

 private:
  using Time = SourceJudge::Time;
  struct Watcher {
    IBackplaneListener* listener;
    Time proof;
  };
  struct Outgoing {
    std::string bytes;
    std::uint64_t sequence;
    std::uint64_t tries = 0;
  };

  void start(std::shared_ptr<void> owner);
  void work() noexcept;
  bool wait(Time now, bool looked) noexcept;
  bool look(Time now) noexcept;
  bool take_next(Time now);
  void take_changes();
  void finish(MessageWriter& writer);
  void forget_what_waits() noexcept;
  [[nodiscard]] bool is_stopping() const noexcept;
  [[nodiscard]] bool has_changes() const noexcept;
  bool is_time_for_a_beat(Time now) noexcept;
  void tell_neighbours_of_all();
  void tell_neighbours(const std::vector<ChangeQueue::Waiting>& changes) noexcept;
  void take_sign(std::uint8_t action);
  bool send_next(Time now);
  void failed(const Error& error) noexcept;
  void say_goodbye() noexcept;
  void judge(const Message& message, Time now);
  void tell() noexcept;
  void give_notice() noexcept;
  bool take_message(std::string_view bytes, Time now) noexcept;
  void wake() noexcept;
  [[nodiscard]] Time beat_pause() const noexcept;
  [[nodiscard]] Time now() const noexcept;

  const Settings settings_;
  const ComponentContext context_;
  const Send send_;
  const basics::ForkMark fork_mark_;

  // Each before the next.
  std::mutex notice_mutex_;   // while watchers are asked for notices
  std::mutex telling_;        // while watchers are called: beats do not wait for them
  mutable std::mutex mutex_;  // of what is judged; with the one before, of the watchers
  SourceJudge judge_;
  HybridClock clock_;
  std::vector<Watcher> watchers_;
  BackplaneState told_;
  Time told_as_of_ = 0;
  Time hurry_ = 0;  // pause before the next beat while an own message is waited for
  std::string problem_;

  // Of who tells.
  Message message_;
  Time rubbish_logged_at_ = 0;

  mutable std::mutex queue_mutex_;
  basics::Condition changed_;
  ChangeQueue queue_;
  bool woken_ = false;
  bool stopping_ = false;
  basics::Thread thread_;

  // Of the thread.
  std::optional<Outgoing> outgoing_;
  std::uint64_t sequence_ = 0;
  Time sent_at_ = 0;
  Time retry_at_ = 0;
  basics::BackOff pauses_;

  std::atomic<bool> notice_due_{false};
  std::atomic<std::uint64_t> published_{0}, failures_{0}, overflows_{0}, received_{0}, bad_{0}, lag_{0};
};

}  // namespace cachesite::backplane
