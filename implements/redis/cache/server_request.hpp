#pragma once

#include "redis/cache/redis_cache_inner.hpp"
#include "redis/endpoint/endpoint_call.hpp"
#include "redis/topology/routed_call.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/cache_request.hpp>

#include <cstddef>
#include <string_view>

namespace cachesite {

/// One asynchronous request while a server has it, with what is done with the answer. It lives as long as the
/// request.
///
///     made      begin() -> sent, or the request has its answer
///     sent      the server's answer, or the end of the call, gives the request its answer, and it is resumed;
///               cancelled -> the same, soon; abandoned -> nothing more
///
/// With several servers it is a RoutedCall that finds the right one, and puts the question as often as it has to.
class RedisCache::ServerRequest final : public AsyncHolder, private redis::RoutedCall::Owner {
 public:
  ServerRequest(Inner& inner, AsyncRequest& call) noexcept : inner_(inner), call_(call) {}

  /// Whether it can be made of a request. Others are made by a thread.
  [[nodiscard]] static bool suits(const CacheRequest& request) noexcept;

  /// True when the request has its answer.
  [[nodiscard]] bool begin(redis::Endpoint& server, IEventLoop& loop);
  /// The same, with whichever server of the topology. Precondition: the request keeps its arguments.
  [[nodiscard]] bool begin(redis::RoutedTopology& servers, IEventLoop& loop);

  bool cancel(AsyncRequest&) noexcept override { return routed_ ? routed_->cancel() : at_server_->cancel(); }
  bool abandon(AsyncRequest&) noexcept override {
    return routed_ ? routed_->abandon() : at_server_->abandon();
  }

 private:
  [[nodiscard]] bool is_refused();
  void put_question(redis::RoutedCall&) override { (void)ask(); }
  // True when the request has its answer.
  [[nodiscard]] bool ask_once() noexcept;
  [[nodiscard]] bool ask();
  [[nodiscard]] bool send(const redis::ServerQuestion& question);
  [[nodiscard]] bool ask_key(std::string_view name, redis::ReplyKinds expected, bool only_reads,
                             std::string_view argument = {});
  [[nodiscard]] bool read();
  [[nodiscard]] bool read_with_life();
  [[nodiscard]] bool store(redis::StoreWords::Only only);
  [[nodiscard]] bool increment();
  [[nodiscard]] bool expire();

  void ended() noexcept override;
  void answer() noexcept;
  void take_value(redis::Reply& reply) noexcept;
  void take_stored(const redis::Reply& reply) noexcept;
  void take_sum(const Status& status, const redis::Reply& reply);
  void take_number(std::int64_t number) noexcept;
  void fail(const Error& error) noexcept;

  Inner& inner_;
  AsyncRequest& call_;
  redis::Endpoint* server_ = nullptr;
  redis::EndpointCall::Pointer at_server_;  // of the only server
  redis::RoutedCall::Pointer routed_;       // of several
  redis::CallTime time_{};
  std::size_t place_ = 0;  // of the key among those with large values
  std::size_t size_ = 0;   // of what is stored
  bool marked_ = false;
};

}  // namespace cachesite
