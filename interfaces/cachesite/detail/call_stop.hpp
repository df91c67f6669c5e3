#pragma once

#include <stop_token>
#include <utility>

namespace cachesite {

/// A std::stop_token as a member of an aggregate that callers may make within a co_await expression, such as
/// CallOptions. There g++ 12 copies aggregates byte by byte, and destroys both: the one that is not where it
/// was made destroys nothing.
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
  operator const std::stop_token&() const noexcept { return token_; }

 private:
  const void* made_at_ = this;
  union {
    std::stop_token token_;
  };
};

}  // namespace cachesite
