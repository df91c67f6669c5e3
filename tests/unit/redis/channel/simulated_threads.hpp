#pragma once

#include "redis/base/deadline.hpp"
#include "unit/redis/seeded_schedules.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cachesite::test {

/// Threads of which only one runs at a time, in virtual time. Which one goes on, and where it is interrupted,
/// is decided by dice, so that a seed gives the same schedule each time. They are real threads all the same:
/// the code under test may block anywhere in its calls.
class Stage {
 public:
  using TimePoint = redis::TimePoint;
  using Event = std::function<void()>;

  explicit Stage(std::size_t actors) {
    for (std::size_t index = 0; index < actors; ++index) {
      actors_.push_back(std::make_unique<Actor>());
      Actor& actor = *actors_.back();
      actor.thread = std::thread([this, &actor] { live(actor); });
    }
  }
  ~Stage() {
    {
      const std::lock_guard lock(mutex_);
      leaving_ = true;
    }
    for (const auto& actor : actors_) {
      actor->wake.notify_one();
      actor->thread.join();
    }
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// The one whose threads are running.
  static Stage& current() { return *current_; }

  /// Runs one play for each part, and whatever they plan, to the end.
  void run(std::uint64_t seed, std::vector<Event> parts) {
    dice_ = Dice(seed);
    seed_ = seed;
    now_ = TimePoint(std::chrono::hours(1));
    steps_ = 0;
    current_ = this;
    std::unique_lock lock(mutex_);
    for (std::size_t index = 0; index < parts.size(); ++index) {
      actors_.at(index)->part = std::move(parts[index]);
      actors_[index]->ready = nullptr;
    }
    pass_on(nullptr);
    over_.wait(lock, [&] { return running_ == nullptr; });
    current_ = nullptr;
  }

  [[nodiscard]] TimePoint now() const { return now_; }
  Dice& dice() { return dice_; }
  void at(TimePoint time, Event event) {
    events_.push_back({std::max(time, now_), number_++, std::move(event)});
    std::push_heap(events_.begin(), events_.end());
  }

  /// The thread that runs goes on when `ready` says so, at the latest at `deadline`. Returns what it says.
  bool wait(const std::function<bool()>& ready, TimePoint deadline = TimePoint::max()) {
    std::unique_lock lock(mutex_);
    Actor* const self = running_;
    self->ready = &ready;
    self->deadline = deadline;
    pass_on(self);
    self->wake.wait(lock, [&] { return running_ == self; });
    self->ready = nullptr;
    return ready();
  }
  /// A place where others may get in between.
  void interrupt() {
    static const std::function<bool()> at_once = [] { return true; };
    if (dice_.chance(40)) wait(at_once);
  }
  void sleep(std::chrono::microseconds time) {
    static const std::function<bool()> never = [] { return false; };
    wait(never, now_ + time);
  }

 private:
  struct Actor {
    std::thread thread;
    std::condition_variable wake;
    Event part;
    const std::function<bool()>* ready = nullptr;
    TimePoint deadline;
  };
  struct Planned {
    TimePoint time;
    std::uint64_t number;
    Event event;
    bool operator<(const Planned& other) const {
      return time != other.time ? time > other.time : number > other.number;
    }
  };

  void live(Actor& self) {
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        self.wake.wait(lock, [&] { return leaving_ || running_ == &self; });
        if (leaving_) return;
      }
      try {
        self.part();
      } catch (const std::exception& error) {
        give_up(error.what());
      }
      const std::lock_guard lock(mutex_);
      self.part = nullptr;
      pass_on(&self);
    }
  }

  // Chooses who goes on, when need be after time has passed.
  void pass_on(Actor* self) {
    if (++steps_ > 2'000'000) give_up("the schedule does not come to an end");
    for (;;) {
      choices_.clear();
      bool any = false;
      auto next = TimePoint::max();
      for (const auto& actor : actors_) {
        if (!actor->part) continue;
        any = true;
        if (actor->ready == nullptr || now_ >= actor->deadline || (*actor->ready)())
          choices_.push_back(actor.get());
        else
          next = std::min(next, actor->deadline);
      }
      if (!choices_.empty()) {
        running_ = choices_[dice_.below(choices_.size())];
        if (running_ != self) running_->wake.notify_one();
        return;
      }
      if (!events_.empty() && events_.front().time <= next) {
        std::pop_heap(events_.begin(), events_.end());
        const auto planned = std::move(events_.back());
        events_.pop_back();
        now_ = planned.time;
        planned.event();
      } else if (next != TimePoint::max()) {
        now_ = next;
      } else if (!any) {
        running_ = nullptr;
        over_.notify_one();
        return;
      } else {
        give_up("all threads wait for ever");
      }
    }
  }

  // Threads that hang in the code under test cannot be called back.
  [[noreturn]] void give_up(const char* problem) const {
    std::fprintf(stderr, "seed %llu: %s (CACHESITE_SEED=%llu replays it)\n",
                 static_cast<unsigned long long>(seed_), problem, static_cast<unsigned long long>(seed_));
    std::fflush(stderr);
    std::_Exit(1);
  }

  static inline Stage* current_ = nullptr;

  std::mutex mutex_;
  std::condition_variable over_;
  std::vector<std::unique_ptr<Actor>> actors_;
  Actor* running_ = nullptr;
  bool leaving_ = false;
  Dice dice_{0};
  std::uint64_t seed_ = 0;
  TimePoint now_;
  std::uint64_t steps_ = 0;
  std::uint64_t number_ = 0;
  std::vector<Planned> events_;  // a heap
  std::vector<Actor*> choices_;
};

/// What BasicChannel needs, on the current stage.
struct SimulatedThreads {
  class Mutex {
   public:
    void lock() {
      Stage::current().interrupt();
      Stage::current().wait([this] { return !locked_; });
      locked_ = true;
    }
    void unlock() {
      locked_ = false;
      Stage::current().interrupt();
    }

   private:
    friend struct SimulatedThreads;
    bool locked_ = false;
  };

  class Condition {
   public:
    std::cv_status wait_until(std::unique_lock<Mutex>& lock, Stage::TimePoint deadline) {
      Stage& stage = Stage::current();
      bool woken = stage.dice().chance(2);  // for no reason
      sleepers_.push_back(&woken);
      lock.mutex()->locked_ = false;
      stage.wait([&] { return woken; }, deadline);
      std::erase(sleepers_, &woken);
      stage.wait([&] { return !lock.mutex()->locked_; });
      lock.mutex()->locked_ = true;
      return woken ? std::cv_status::no_timeout : std::cv_status::timeout;
    }
    void notify_one() {
      if (sleepers_.empty()) return;
      const auto chosen = Stage::current().dice().below(sleepers_.size());
      *sleepers_[chosen] = true;
      sleepers_.erase(sleepers_.begin() + static_cast<std::ptrdiff_t>(chosen));
    }
    void notify_all() {
      for (bool* const sleeper : std::exchange(sleepers_, {}))
        *sleeper = true;
    }

   private:
    std::vector<bool*> sleepers_;
  };

  class ParkingLot {
   public:
    [[nodiscard]] std::uint32_t epoch() const {
      const auto epoch = epoch_;
      Stage::current().interrupt();
      return epoch;
    }
    void sleep(std::uint32_t epoch, std::uint32_t group, Stage::TimePoint deadline) {
      Stage& stage = Stage::current();
      stage.interrupt();
      if (epoch != epoch_) return;
      Sleeper self{group, stage.dice().chance(2)};  // for no reason
      sleepers_.push_back(&self);
      stage.wait([&] { return self.woken; }, deadline);
      std::erase(sleepers_, &self);
    }
    void wake(std::uint32_t groups) {
      ++epoch_;
      Stage::current().interrupt();
      for (Sleeper* const sleeper : sleepers_)
        if ((sleeper->group & groups) != 0) sleeper->woken = true;
    }

   private:
    struct Sleeper {
      std::uint32_t group;
      bool woken;
    };
    std::uint32_t epoch_ = 0;
    std::vector<Sleeper*> sleepers_;
  };

  static Stage::TimePoint now() { return Stage::current().now(); }
  static void yield() { Stage::current().interrupt(); }
};

}  // namespace cachesite::test
