#pragma once

#include "basics/fork_mark.hpp"
#include "basics/light_mutex.hpp"
#include "event_loop/reactor.hpp"
#include "redis/channel/channel.hpp"
#include "redis/channel/channel_set.hpp"
#include "redis/channel/deadline_line.hpp"

#include <cachesite/executor.hpp>
#include <cachesite/i_event_loop.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace cachesite::redis {

/// The home of the channels to one server, on an event loop. What it has the loop run keeps it, so the channels
/// may end before that.
///
///     in       leads the channels when they want it, and has the loop tell those that ended
///                                                                       leave() -> out
///     out      looks at no channel; those that end are told at once
///
/// In a child that the process forks it does nothing.
class LoopHome final : public ChannelHome, public std::enable_shared_from_this<LoopHome> {
  struct Private {};

 public:
  LoopHome(Private, std::shared_ptr<IEventLoop> loop, event_loop::IReactor& reactor);
  LoopHome(Private, std::shared_ptr<IEventLoop> loop, event_loop::IReactor& reactor, ChannelSet& channels);
  ~LoopHome();

  /// Null when the loop is none of the library's. Throws std::bad_alloc.
  [[nodiscard]] static std::shared_ptr<LoopHome> make(std::shared_ptr<IEventLoop> loop, ChannelSet& channels);
  /// For those who wait for something other than an answer, without a channel.
  [[nodiscard]] static std::shared_ptr<LoopHome> make(std::shared_ptr<IEventLoop> loop);

  [[nodiscard]] IEventLoop& loop() const noexcept { return executor_; }
  [[nodiscard]] event_loop::IReactor& reactor() const noexcept { return reactor_; }
  /// Of the calls to the server; none when it is left.
  [[nodiscard]] DeadlineLine& deadlines() noexcept { return deadlines_; }

  void deliver(Waiter* ended) noexcept override;
  void wanted(Channel& channel) noexcept override;
  bool watch(Channel& channel, int descriptor) noexcept override;
  /// A request that was sent over the channel has been withdrawn because of its deadline. Tells nobody at once.
  void overdue(Channel& channel) noexcept;

  /// Tells those that ended, as far as no other thread does so just now.
  void tell() noexcept;
  /// From now on no channel is touched. Not to be called while a channel calls its home.
  void leave() noexcept;
  /// The same, once no call is under way; `calls` is how many are. Precondition: each has ended, or ends soon.
  void leave_after(const std::atomic<std::size_t>& calls) noexcept;

 private:
  class Seat;
  class Telling;
  /// What tells those that ended, on the loop.
  class Teller final : public Work {
   public:
    explicit Teller(LoopHome& home) noexcept : home_(home) {}
    void run() noexcept override;
    std::shared_ptr<LoopHome> keeps;  // while the loop has it

   private:
    LoopHome& home_;
  };

  class DeadlineTimer final : public event_loop::Timer {
   public:
    explicit DeadlineTimer(LoopHome& home) noexcept : home_(home) {}
    void expire() noexcept override {
      const auto kept = home_.shared_from_this();
      home_.deadlines_.tell();
    }

   private:
    LoopHome& home_;
  };

  [[nodiscard]] Seat& seat_of(const Channel& channel) const noexcept;
  [[nodiscard]] Waiter* look(Seat& seat, Look look) noexcept;
  bool enter() noexcept;
  void exit() noexcept;
  void tell_each(Waiter* ended) noexcept;
  void post(Work& work, std::shared_ptr<LoopHome>& keeps) noexcept;  // with the lock

  std::shared_ptr<IEventLoop> loop_;  // null when it is out
  IEventLoop& executor_;
  event_loop::IReactor& reactor_;
  std::vector<std::unique_ptr<Seat>> seats_;
  DeadlineTimer deadline_timer_{*this};
  DeadlineLine deadlines_{reactor_, deadline_timer_};

  const basics::ForkMark fork_mark_;
  basics::LightMutex mutex_;
  Waiter* ended_ = nullptr;  // to be told by the loop, the last one first
  Teller teller_{*this};
  std::size_t inside_ = 0;  // threads that look at a channel
  bool out_ = false;
};

}  // namespace cachesite::redis
