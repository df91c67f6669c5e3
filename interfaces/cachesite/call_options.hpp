#pragma once

#include <cachesite/executor.hpp>

#include <chrono>
#include <optional>
#include <stop_token>
#include <utility>

namespace cachesite {

/// A std::stop_token as a member of CallOptions. g++ 12 copies aggregates that are made within a co_await
/// expression byte by byte, and destroys both: the one that is not where it was made destroys nothing.
class CallStop {
 public:
  CallStop() noexcept : CallStop(std::stop_token()) {}
  CallStop(std::stop_token token) noexcept : token_(std::move(token)) {}
  CallStop(const CallStop& other) noexcept : CallStop(other.token_) {}
  CallStop& operator=(const CallStop& other) noexcept {
    token_ = other.token_;
    return *this;
  }
  ~CallStop() {
    if (made_at_ == this) token_.~stop_token();
  }

  [[nodiscard]] const std::stop_token& token() const noexcept { return token_; }

 private:
  const void* made_at_ = this;
  union {
    std::stop_token token_;
  };
};

/// How an asynchronous call is made. The default: the time that the component is set to, no cancellation, and
/// the caller goes on where the event loop runs.
struct CallOptions {
  /// Longest time that the call takes, from the moment that it begins.
  std::optional<std::chrono::milliseconds> patience = {};
  /// A std::stop_token. Ends the call with `closed` when a stop is requested, unless it ends by itself before.
  /// A call that has been sent may have been carried out, which its `Outcome` tells; the connection stays.
  CallStop stop = {};
  /// Where the caller goes on. It has to outlive the call.
  IExecutor* executor = nullptr;
};

}  // namespace cachesite
