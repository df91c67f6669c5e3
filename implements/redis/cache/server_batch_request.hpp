#pragma once

#include "redis/cache/batch_rounds.hpp"
#include "redis/topology/async_batch.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/detail/async_operation.hpp>

namespace cachesite {

/// An asynchronous batch while the servers have it. It lives as long as the request.
///
///     made      begin() -> round, or the request has its answers
///     round     its requests have ended -> the next round; after the last the request is resumed; cancelled -> the
///               same, and the rounds after it fail; abandoned -> nothing more
class RedisCache::ServerBatchRequest final : public AsyncHolder, private detail::OperationCaller {
 public:
  ServerBatchRequest(Inner& inner, AsyncRequest& call)
      : inner_(inner), call_(call), rounds_(inner, call.request()) {}

  /// True when the request has its answers.
  [[nodiscard]] bool begin(IEventLoop& loop);

  bool cancel(AsyncRequest&) noexcept override {
    batch_.cancel();
    return true;
  }
  bool abandon(AsyncRequest&) noexcept override { return batch_.abandon(); }

 private:
  void ended() noexcept override;
  // True when all is done.
  [[nodiscard]] bool go_on() noexcept;
  void end_round() noexcept;

  Inner& inner_;
  AsyncRequest& call_;
  redis::BatchRounds rounds_;
  std::span<redis::Request> requests_;  // of the round
  redis::AsyncBatch batch_;
  redis::CallTime time_{};
};

}  // namespace cachesite
