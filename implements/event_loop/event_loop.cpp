#include "basics/background_thread.hpp"
#include "basics/checked_options.hpp"
#include "basics/inherited.hpp"
#include "basics/per_process_mutex.hpp"
#include "binding/range_check.hpp"
#include "event_loop/loop.hpp"

#include <cachesite/event_loop.hpp>

#include <chrono>
#include <mutex>
#include <utility>

namespace cachesite {

using event_loop::IReactor;
using event_loop::Loop;

ParameterTable EventLoopOptions::parameters() {
  return {
      parameter("threads", &EventLoopOptions::threads,
                "Threads of its own that run the loop; with 0 the program runs it.")
          .between(0, 64),
  };
}

std::vector<OptionComplaint> EventLoopOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  binding::check_ranges(parameters(), this, complaints);
  return complaints;
}

// The threads of the loop's own. They keep the loop, so that one of them may let the component go.
class EventLoop::Threads {
 public:
  void start(const std::shared_ptr<Loop>& loop, std::uint32_t count) {
    const std::lock_guard lock(mutex_);
    threads_.reserve(count);
    std::stop_source give_up;
    try {
      while (threads_.size() < count)
        threads_.push_back(
            basics::background_thread([loop, stop = give_up.get_token()] { loop->run(stop); }));
    } catch (...) {
      give_up.request_stop();
      end(std::exchange(threads_, {}));
      throw;
    }
  }

  void await_end() noexcept {
    std::vector<basics::Thread> ending;
    {
      const std::lock_guard lock(mutex_);
      ending.swap(threads_);
    }
    end(std::move(ending));
  }

 private:
  static void end(std::vector<basics::Thread> threads) noexcept {
    for (auto& thread : threads)
      if (thread.get_id() == std::this_thread::get_id())
        thread.detach();
      else
        thread.join();
  }

  basics::PerProcessMutex mutex_;
  std::vector<basics::Thread> threads_;
};

EventLoop::EventLoop(Options options, const ComponentContext& context)
    : options_(checked_options("EventLoop", options)),
      loop_(basics::make_process_bound<Loop>(context.clock)),
      threads_(std::make_unique<Threads>()) {}

EventLoop::~EventLoop() {
  stop();
}

std::shared_ptr<EventLoop> EventLoop::shared() {
  // Never destroyed, since its thread runs until the process ends.
  static auto& mutex = *new basics::PerProcessMutex;
  static auto& shared = *new basics::PerProcess<std::shared_ptr<EventLoop>>;
  const std::lock_guard lock(mutex);
  auto& loop = shared.get();
  if (loop == nullptr) {
    auto made = std::make_shared<EventLoop>();
    made->start();
    loop = std::move(made);
  }
  return loop;
}

void EventLoop::start() {
  threads_->start(loop_, options_.threads);
}

void EventLoop::stop() noexcept {
  loop_->stop();
  threads_->await_end();
}

void* EventLoop::interface_of_part(const InterfaceId& interface_id) const noexcept {
  return interface_id.name == IReactor::interface_name ? static_cast<IReactor*>(loop_.get()) : nullptr;
}

void EventLoop::run(const std::stop_token& stop) noexcept {
  const auto loop = loop_;  // a piece of work may let the component go
  loop->run(stop);
}

void EventLoop::run_ready() noexcept {
  const auto loop = loop_;
  loop->run_ready();
}

int EventLoop::descriptor() const noexcept {
  return loop_->descriptor();
}

void EventLoop::execute(Work& work) noexcept {
  loop_->execute(work);
}

EventLoopStatistics EventLoop::statistics() const {
  return loop_->statistics();
}

std::vector<ComponentMetric> EventLoop::component_metrics() const {
  using Kind = ComponentMetric::Kind;
  const auto now = statistics();
  const auto seconds = [](std::chrono::nanoseconds length) {
    return std::chrono::duration<double>(length).count();
  };
  return {
      {"cachesite_event_loop_turns_total", Kind::counter, static_cast<double>(now.turns),
       "Times that the loop looked for something to do."},
      {"cachesite_event_loop_works_total", Kind::counter, static_cast<double>(now.works),
       "Pieces of work that the loop has run."},
      {"cachesite_event_loop_waiting_works", Kind::gauge, static_cast<double>(now.waiting),
       "Pieces of work that wait."},
      {"cachesite_event_loop_lag_seconds", Kind::gauge, seconds(now.loop_lag),
       "How long something new has to wait for what the loop does."},
      {"cachesite_event_loop_longest_lag_seconds", Kind::gauge, seconds(now.longest_loop_lag),
       "The longest of these times."},
  };
}

}  // namespace cachesite
