#pragma once

#include "redis/base/deadline.hpp"
#include "redis/topology/routed_call.hpp"
#include "redis/topology/routed_topology.hpp"
#include "redis/topology/topology.hpp"
#include "redis/wire/routing.hpp"

#include <cachesite/detail/async_operation.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace cachesite::redis {

/// Several requests for whose ends no thread waits. It does what Topology::execute_all does, in waves: an EndpointCall
/// to each server with all that goes there, then a RoutedCall for each request whose answer says where or when it
/// would succeed. While no server is known, one request goes ahead as a RoutedCall that finds one.
///
///     at_hand   what comes next, in one go     cancelled, or nothing is left to do -> over
///                                              else the parts of a wave begin -> wave
///     wave      its parts are under way        the last of them has ended -> at_hand; all are abandoned -> over
///     over      each request has its end       begin() -> at_hand
///
/// The rules of AsyncOperation hold for begin(), cancel() and abandon(), but that an abandon() that comes too late, or
/// between two waves, says so instead of waiting: the caller is told soon. A batch that was cancelled sends nothing
/// more, also when it begins again.
class AsyncBatch final {
 public:
  AsyncBatch() noexcept;
  AsyncBatch(const AsyncBatch&) = delete;
  AsyncBatch& operator=(const AsyncBatch&) = delete;
  ~AsyncBatch();

  /// The requests, and what they are made of, stay until it is over.
  [[nodiscard]] bool begin(Topology& topology, std::span<Request> requests, CallTime time,
                           cachesite::detail::OperationCaller& caller) noexcept;
  void cancel() noexcept;
  /// False when the caller is told, or has been.
  [[nodiscard]] bool abandon() noexcept;

 private:
  class Part;
  /// A request that goes on by itself.
  struct Single {
    Request* request;
    RoutedCall::Beginning beginning;
  };

  // True when it is over.
  [[nodiscard]] bool go_on() noexcept;
  void make_wave();
  void make_parts_of(const ServerView& view);
  void begin_wave() noexcept;
  void end_wave() noexcept;
  void look_at_end(Request& request, const ChosenServer& asked) noexcept;
  // Of a wave, each of which takes a place of those that may wait.
  [[nodiscard]] std::size_t most_singles() const noexcept;
  void end_left(const Error& error) noexcept;

  [[nodiscard]] bool hold() noexcept;
  // True when it was the last: nothing of the wave is under way any more.
  [[nodiscard]] bool let_go(std::size_t count = 1) noexcept {
    return under_way_.fetch_sub(count, std::memory_order_acq_rel) == count;
  }
  void part_ended() noexcept;

  Endpoint* only_server_ = nullptr;
  RoutedTopology* servers_ = nullptr;  // when there are several
  cachesite::detail::OperationCaller* caller_ = nullptr;
  CallTime time_{};
  TimePoint wave_begin_{};
  std::vector<Request*> new_;    // the first one last
  std::vector<Single> singles_;  // the first one last
  std::vector<std::unique_ptr<Part>> parts_;
  std::atomic<std::size_t> under_way_{0};  // parts, and those who look at them
  std::atomic<bool> cancelled_{false};
};

}  // namespace cachesite::redis
