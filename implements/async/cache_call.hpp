#pragma once

#include <cachesite/async_call.hpp>
#include <cachesite/async_request.hpp>
#include <cachesite/cache.hpp>

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

namespace cachesite::async {

using Patience = std::optional<std::chrono::milliseconds>;

/// The request of a call that may have to wait, made when the call begins.
class StartedRequest {
 public:
  /// Makes the request of what a CacheRequest is made of.
  template <class... Arguments>
  CacheRequest& make(Patience patience, Arguments&&... arguments) noexcept {
    return request_.emplace(patience, std::forward<Arguments>(arguments)...).request();
  }
  /// As detail::AsyncOperation::begin. The arguments follow the rules.
  bool begin(ICache& cache, detail::OperationCaller& caller) noexcept {
    return request_->begin(cache, caller);
  }
  bool begin(ICache& cache, const CacheRequest& request, Patience patience,
             detail::OperationCaller& caller) noexcept {
    make(patience, request);
    return begin(cache, caller);
  }
  [[nodiscard]] bool made() const noexcept { return request_.has_value(); }
  [[nodiscard]] CacheRequest& get() noexcept { return request_->request(); }
  void cancel() noexcept { request_->cancel(); }
  void abandon() noexcept { request_->abandon(); }
  [[nodiscard]] IEventLoop* loop() const noexcept { return request_ ? request_->loop() : nullptr; }

 private:
  std::optional<AsyncRequest> request_;
};

/// What the calls have in common that are one request.
template <class R>
class CacheCall : public detail::AsyncOperationOf<R> {
 public:
  void cancel() noexcept final { started_.cancel(); }
  void abandon() noexcept final { started_.abandon(); }
  [[nodiscard]] IEventLoop* loop() const noexcept final { return started_.loop(); }

 protected:
  StartedRequest started_;
};

}  // namespace cachesite::async
