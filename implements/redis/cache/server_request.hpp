#pragma once

#include "redis/cache/redis_cache_inner.hpp"
#include "redis/endpoint/endpoint_call.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/cache_request.hpp>
#include <cachesite/detail/async_operation.hpp>

#include <cstddef>
#include <utility>

namespace cachesite {

/// What follows when the servers have changed: the request is made once more, by a worker, as a thread makes it.
class RedisCache::ByWorker final : public AsyncStep {
 public:
  explicit ByWorker(RedisCache& cache) noexcept : cache_(cache) {}
  bool after(AsyncRequest& call) override {
    return !std::exchange(wanted, false) || cache_.CacheBase::do_begin_async(call);
  }
  bool wanted = false;

 private:
  RedisCache& cache_;
};

/// One asynchronous request while the server has it, with what is done with the answer. It lives as long as the
/// request.
///
///     made      begin() -> sent, or the request has its answer
///     sent      the server's answer, or the end of the call, gives the request its answer, and it is resumed;
///               cancelled -> the same, soon; abandoned -> nothing more
class RedisCache::ServerRequest final : public AsyncHolder, private detail::OperationCaller {
 public:
  /// `by_worker` is null when there is only one server.
  ServerRequest(Inner& inner, AsyncRequest& call, ByWorker* by_worker) noexcept
      : inner_(inner), call_(call), by_worker_(by_worker) {}

  /// Whether it can be made of a request. Others are made by a thread.
  [[nodiscard]] static bool suits(const CacheRequest& request) noexcept;

  /// True when the request has its answer.
  [[nodiscard]] bool begin(redis::Topology::ServerNow&& server, IEventLoop& loop);

  bool cancel(AsyncRequest&) noexcept override { return at_server_->cancel(); }
  bool abandon(AsyncRequest&) noexcept override { return at_server_->abandon(); }

 private:
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
  [[nodiscard]] bool is_for_a_worker(const Status& status) const;
  void take_value(redis::Reply& reply) noexcept;
  void take_stored(const redis::Reply& reply) noexcept;
  void take_sum(const Status& status, const redis::Reply& reply);
  void take_number(std::int64_t number) noexcept;
  void fail(const Error& error) noexcept;

  Inner& inner_;
  AsyncRequest& call_;
  ByWorker* const by_worker_;
  redis::Topology::ServerNow server_;
  redis::EndpointCall::Pointer at_server_;
  redis::CallTime time_{};
  std::size_t place_ = 0;  // of the key among those with large values
  std::size_t size_ = 0;   // of what is stored
  bool marked_ = false;
};

}  // namespace cachesite
