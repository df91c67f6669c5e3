#pragma once

#include <cachesite/detail/async_factory.hpp>
#include <cachesite/detail/async_operation.hpp>
#include <cachesite/executor.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_to_live.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace cachesite {

class IComputingCache;

namespace detail {

/// A call of `async_remember` that a read has not answered; shared by its caller and whoever answers it.
///
///     waiting     answer() -> answered; abandon() -> abandoned
///     answered    the caller is told
///     abandoned   nobody wants to know
///
/// Safe from any thread.
class PendingComputation final : public Work, public std::enable_shared_from_this<PendingComputation> {
 public:
  /// Throws std::bad_alloc.
  PendingComputation(IComputingCache& computing, std::shared_ptr<const void> owner, std::string_view asked,
                     TimeToLive life, std::shared_ptr<AsyncFactory> makes, OperationCaller& caller);

  const std::string key;
  const TimeToLive time_to_live;
  const std::shared_ptr<AsyncFactory> factory;  // null: the loader of the cache
  std::optional<std::chrono::milliseconds> patience;
  /// What the read has given, and what the cache said when it began; nothing when there was none.
  std::optional<Result<Found>> found;
  Value value;
  std::uint64_t reads_begun = 0;

  /// Ends the call; only the first answer counts. Nothing in a child that the process forks.
  void answer(Lookup lookup) noexcept;
  [[nodiscard]] bool answered() const noexcept { return answered_.load(); }

  /// Has the cache go on with it: on this thread, or on one of `executor`.
  void begin() noexcept;
  void begin_by(IExecutor& executor) noexcept;
  void run() noexcept override;

  // For the caller's side.
  void abandon() noexcept;
  [[nodiscard]] Lookup take() noexcept { return std::move(answer_); }

 private:
  [[nodiscard]] bool forked() const noexcept;

  IComputingCache& computing_;
  const std::shared_ptr<const void> owner_;
  const std::uint32_t process_;
  std::atomic<bool> answered_{false};
  std::mutex telling_;  // held while the caller is told
  OperationCaller* caller_;
  Lookup answer_;
  std::shared_ptr<PendingComputation> self_;  // while an executor has it
};

}  // namespace detail
}  // namespace cachesite
