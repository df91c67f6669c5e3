#pragma once

#include "redis/cache/redis_cache_inner.hpp"
#include "redis/endpoint/endpoint_call.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/cache_request.hpp>
#include <cachesite/detail/async_operation.hpp>

#include <atomic>
#include <cstddef>
#include <span>
#include <vector>

namespace cachesite {

/// An asynchronous batch, which the server does in rounds: what belongs to one goes to it together, and the next
/// round begins when it has answered. A round that has an answer over the limit is done again in halves. It lives
/// as long as the request.
///
///     made      begin() -> round, or the request has its answers
///     round     answered, or the end of the call -> the next round; after the last the request is resumed;
///               cancelled -> the same, and the rounds after it fail; abandoned -> nothing more
class RedisCache::ServerBatchRequest final : public AsyncHolder, private detail::OperationCaller {
 public:
  ServerBatchRequest(Inner& inner, AsyncRequest& call) : inner_(inner), call_(call) {}

  /// True when the request has its answers.
  [[nodiscard]] bool begin(redis::Endpoint& endpoint, IEventLoop& loop);

  bool cancel(AsyncRequest&) noexcept override {
    cancelled_.store(true, std::memory_order_relaxed);
    return at_server_->cancel();
  }
  bool abandon(AsyncRequest&) noexcept override { return at_server_->abandon(); }

 private:
  using Items = std::span<const std::size_t>;
  /// A part of `items_`.
  struct Round {
    std::size_t first;
    std::size_t count;
  };
  /// What a round asks.
  struct Words;

  void ended() noexcept override;
  [[nodiscard]] bool go_on() noexcept;
  [[nodiscard]] bool send(Round round);
  void ask_values(Items items, Words& words) const;
  void ask_numbers(Items items, Words& words) const;
  void ask_to_store(Items items, Words& words) const;

  void plan();
  [[nodiscard]] bool is_refused(std::size_t item);
  [[nodiscard]] std::size_t bytes_of(std::size_t item) const noexcept;
  [[nodiscard]] Items items_of(Round round) const noexcept {
    return Items(items_).subspan(round.first, round.count);
  }
  void take_round() noexcept;
  void take_values(Items items);
  void take_value(std::size_t item, redis::Reply& reply);
  void take(std::size_t item, const redis::Reply& reply) noexcept;
  void fail(std::size_t item, const Error& error) noexcept;
  void fail_all(Items items, const Error& error) noexcept;

  Inner& inner_;
  AsyncRequest& call_;
  redis::Endpoint* endpoint_ = nullptr;
  redis::EndpointCall::Pointer at_server_;
  redis::CallTime time_{};
  std::vector<std::size_t> items_;  // of the request, that the server is asked about
  std::vector<Round> rounds_;       // the next one last
  Round round_{};
  std::atomic<bool> cancelled_{false};
};

}  // namespace cachesite
