#pragma once

#include "async/cache_access.hpp"
#include "async/cache_call.hpp"

#include <cachesite/computing_cache.hpp>
#include <cachesite/detail/async_factory.hpp>
#include <cachesite/detail/pending_computation.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace cachesite::async {

/// `async_remember` and `async_get_or_load`.
///
///     made       begin() -> reading, pending or ended
///     reading    the cache is asked          a hit -> ended; else -> pending
///     pending    the computing cache has it  answered -> ended
///
/// A hit of a cache that never waits, or of a near tier, allocates nothing: a small factory is kept within.
class RememberOperation final : public detail::AsyncOperationOf<Lookup>, private detail::OperationCaller {
 public:
  RememberOperation(IComputingCache& computing, std::string_view key, TimeToLive time_to_live,
                    const detail::FactoryView& factory, Patience patience) noexcept
      : computing_(computing), key_(key), time_to_live_(time_to_live), view_(factory), patience_(patience) {}
  ~RememberOperation() override;

  detail::AsyncOperation* move_to(void* place) noexcept override {
    return new (place) RememberOperation(computing_, key_, time_to_live_, view_, patience_);
  }
  bool begin(detail::OperationCaller& caller) noexcept override;
  void cancel() noexcept override;
  void abandon() noexcept override;
  [[nodiscard]] IEventLoop* loop() const noexcept override {
    return request_ && request_->loop() != nullptr ? request_->loop() : loop_;
  }
  Lookup take_result() noexcept override;

 private:
  static constexpr std::size_t room = 48;
  // Whichever of the two comes second answers a call that is cancelled.
  static constexpr std::uint8_t shown_mark = 1;  // pending_ is there, and stays
  static constexpr std::uint8_t cancelled_mark = 2;

  void ended() noexcept override;
  [[nodiscard]] std::optional<Error> refusal();
  bool read_at_once(ICache& cache);
  bool read_later(ICache& cache);
  void keep_factory();
  [[nodiscard]] std::shared_ptr<detail::AsyncFactory> take_factory();
  [[nodiscard]] bool is_final(const Result<Found>& found);
  std::shared_ptr<detail::PendingComputation> make_pending(std::optional<Result<Found>> found);
  void pass_on(std::optional<Result<Found>> found);
  void end(const Error& error) noexcept { found_ = error; }
  [[nodiscard]] bool is_cancelled() const noexcept { return (marks_.load() & cancelled_mark) != 0; }

  IComputingCache& computing_;
  std::string_view key_;
  TimeToLive time_to_live_;
  const detail::FactoryView view_;
  const Patience patience_;
  detail::OperationCaller* caller_ = nullptr;
  IEventLoop* loop_ = nullptr;  // of a call whose read has not waited
  std::uint64_t reads_begun_ = 0;
  std::optional<std::chrono::steady_clock::time_point> begun_;  // of a call with a patience
  std::optional<AsyncRequest> request_;
  Value value_;
  Result<Found> found_ = Found::miss;
  detail::AsyncFactory* kept_ = nullptr;  // in the room
  std::shared_ptr<detail::AsyncFactory> owned_;
  std::shared_ptr<detail::PendingComputation> pending_;
  std::atomic<std::uint8_t> marks_{0};
  alignas(std::max_align_t) std::byte room_[room];
};

}  // namespace cachesite::async
