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

/// An event loop on epoll. It has timers with a precision of 4 ms, and takes part in the metrics of a site.
///
/// Who makes one by hand calls `start()` for the threads of its own; `run`, `run_ready` and `descriptor` need
/// no start. `stop()` ends `run` in every thread, once all that waits has been run, and waits for the loop's
/// own threads unless it is one of them. So a coroutine that yields again and again has to look for a stop of
/// its own. Work that comes after that is run by further calls of `run` and `run_ready`, or when the loop goes.
/// Nobody else may be in `run` or `run_ready` when the last owner lets it go, except for whoever does so
/// within.
class EventLoop final : public IEventLoop, public IComponentMetrics {
 public:
  using Options = EventLoopOptions;
  using provides = Provides<IEventLoop>;

  /// Throws std::invalid_argument with the first of `options.complaints()`, std::system_error when the system
  /// has no descriptors left, and std::bad_alloc.
  explicit EventLoop(Options options = {}, const ComponentContext& context = {});
  ~EventLoop() override;

  /// The loop of calls that are given no other. It has one thread, from the first call of this on to the end
  /// of the process; a forked child has one of its own. Throws what making it throws, and tries again the next
  /// time. Safe from any thread.
  [[nodiscard]] static std::shared_ptr<EventLoop> shared();

  /// Throws std::system_error when there are not so many threads to be had.
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
