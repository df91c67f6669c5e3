#pragma once

#include "redis/endpoint/endpoint_call.hpp"
#include "redis/lent/raw_command.hpp"

#include <cachesite/detail/async_operation.hpp>
#include <cachesite/detail/redis_value.hpp>
#include <cachesite/redis_command.hpp>
#include <cachesite/result.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace cachesite::redis {

/// What the operations of a RedisConnection have in common: a call to its server, unless it cannot be made. `R` is
/// the result.
template <class R>
class AsyncCommandBase : public cachesite::detail::AsyncOperationOf<R> {
 public:
  // It is made where it stays.
  cachesite::detail::AsyncOperation* move_to(void*) noexcept override { return nullptr; }
  void cancel() noexcept override { (void)call_->cancel(); }
  void abandon() noexcept override {
    if (call_ != nullptr && !call_->abandon()) call_->await_told();
  }
  [[nodiscard]] IEventLoop* loop() const noexcept override { return call_ ? call_->loop() : nullptr; }

 protected:
  bool begin_call(Endpoint& endpoint, const ServerQuestion& question, std::chrono::milliseconds patience,
                  cachesite::detail::OperationCaller& caller) noexcept {
    call_ = EndpointCall::make();
    return call_ == nullptr || call_->begin(endpoint, question, CallTime::from_now(patience), caller);
  }
  [[nodiscard]] Status status() const noexcept {
    return call_ ? call_->status() : Status(Error(ErrorCode::no_memory));
  }
  [[nodiscard]] EndpointCall& call() noexcept { return *call_; }

 private:
  EndpointCall::Pointer call_;
};

/// One command, or a script by its digest, whose text is sent when the server does not know it.
class AsyncCommand final : public AsyncCommandBase<Result<RedisValue>> {
 public:
  AsyncCommand(Endpoint& endpoint, const RedisCommand& command, std::chrono::milliseconds patience);
  AsyncCommand(Endpoint& endpoint, RedisCommand by_digest, RedisCommand by_text,
               std::chrono::milliseconds patience);

  bool begin(cachesite::detail::OperationCaller& caller) noexcept override;
  Result<RedisValue> take_result() noexcept override;

 private:
  Endpoint& endpoint_;
  const RedisCommand* command_;  // valid until it has begun
  std::optional<RedisCommand> by_digest_;
  std::optional<RedisCommand> by_text_;
  const bool runs_script_;
  const std::chrono::milliseconds patience_;
};

/// Several commands, next to each other.
class AsyncPipeline final : public AsyncCommandBase<Result<std::vector<Result<RedisValue>>>> {
 public:
  AsyncPipeline(Endpoint& endpoint, std::span<const RedisCommand> commands,
                std::chrono::milliseconds patience);

  bool begin(cachesite::detail::OperationCaller& caller) noexcept override;
  Result<std::vector<Result<RedisValue>>> take_result() noexcept override;

 private:
  Endpoint& endpoint_;
  std::span<const RedisCommand> commands_;  // valid until it has begun
  std::vector<Result<RedisValue>> results_;
  std::vector<bool> runs_script_;
  const std::chrono::milliseconds patience_;
};

/// An operation that has failed before it began.
template <class R>
class AsyncRefusal final : public AsyncCommandBase<R> {
 public:
  explicit AsyncRefusal(Error error) : error_(std::move(error)) {}
  bool begin(cachesite::detail::OperationCaller&) noexcept override { return true; }
  R take_result() noexcept override { return error_; }

 private:
  const Error error_;
};

}  // namespace cachesite::redis
