#pragma once

#include "async/worker_call.hpp"
#include "basics/condition.hpp"
#include "basics/thread.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/cache.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace cachesite::async {

/// Threads that make calls of caches which have no asynchronous form. They start when they are needed, and end
/// with the program.
class Workers : public std::enable_shared_from_this<Workers> {
 public:
  static constexpr std::size_t most_threads = 32;
  static constexpr std::size_t longest_line = 4096;

  /// Those of this process.
  [[nodiscard]] static std::shared_ptr<Workers> shared();
  /// Whether the calling thread is one of them.
  [[nodiscard]] static bool on_worker() noexcept;

  /// As ICache::do_begin_async.
  bool begin(ICache& cache, AsyncRequest& caller);
  /// Takes no more calls, and waits for those under way, at most a few seconds. Those in line are not made.
  void end() noexcept;

  void expire(WorkerCall& call) noexcept;
  bool cancel(WorkerSeat& seat) noexcept;
  bool abandon(WorkerSeat& seat) noexcept;

 private:
  using Lock = std::unique_lock<std::mutex>;

  [[nodiscard]] bool has_a_thread_for_one_more(Lock& lock) noexcept;
  void run() noexcept;
  void make(WorkerCalls call) noexcept;
  [[nodiscard]] AsyncRequest* take_caller(WorkerCall& call) noexcept;
  bool end_early(const Lock& lock, WorkerCall& call, WorkerCalls& gone) noexcept;

  std::mutex mutex_;  // of all below
  basics::Condition work_;
  basics::Condition ends_;  // of calls and of threads
  WorkerCalls line_;
  std::size_t idle_ = 0;
  std::size_t running_ = 0;  // threads
  bool ended_ = false;
  std::vector<basics::Thread> threads_;
};

}  // namespace cachesite::async
