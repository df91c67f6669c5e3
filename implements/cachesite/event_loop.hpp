#pragma once

#include <cachesite/component.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/i_event_loop.hpp>
#include <cachesite/parameter.hpp>

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

namespace cachesite {

namespace event_loop {
class Loop;
}

/// Settings of an EventLoop, explained by `cachesite describe EventLoop` and configs/reference.md.
struct EventLoopOptions {
  std::uint32_t threads = 1;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// An event loop on epoll. Its timers have a precision of 4 ms. A site shows its metrics.
///
/// `start()` starts the loop's own threads; a site calls it, and so does a program that makes the loop itself.
/// `run`, `run_ready` and `descriptor` work without it. `stop()` ends `run` in every thread when all waiting
/// work has been run, and joins the loop's own threads unless it is called on one of them. So a coroutine that
/// yields in an endless loop has to check for a stop itself. Work that arrives later is run by further calls of
/// `run` and `run_ready`, or by the destructor. No other thread may be in `run` or `run_ready` when the loop is
/// destroyed.
class EventLoop final : public IEventLoop, public IComponentMetrics {
 public:
  using Options = EventLoopOptions;
  using provides = Provides<IEventLoop>;

  /// Throws std::invalid_argument with the first of `options.complaints()`, std::system_error when the system
  /// has no descriptors left, and std::bad_alloc.
  explicit EventLoop(Options options = {}, const ComponentContext& context = {});
  ~EventLoop() override;

  /// One loop for the process, with one thread from the first call on. A forked child gets its own. Throws what
  /// the constructor and `start` throw; the next call tries again. Safe from any thread.
  [[nodiscard]] static std::shared_ptr<EventLoop> shared();

  /// Throws std::system_error when the threads cannot be started.
  void start() override;
  void stop() noexcept override;
  [[nodiscard]] void* interface_of_part(const InterfaceId& interface_id) const noexcept override;

  void run(const std::stop_token& stop) noexcept override;
  void run_ready() noexcept override;
  [[nodiscard]] int descriptor() const noexcept override;
  void execute(Work& work) noexcept override;
  [[nodiscard]] EventLoopStatistics statistics() const override;
  [[nodiscard]] std::vector<ComponentMetric> component_metrics() const override;

 private:
  class Threads;
  const Options options_;
  const std::shared_ptr<event_loop::Loop> loop_;
  const std::unique_ptr<Threads> threads_;
};

}  // namespace cachesite
