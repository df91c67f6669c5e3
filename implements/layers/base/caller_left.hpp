#pragma once

#include <cachesite/async_request.hpp>

#include <chrono>

namespace cachesite::layers {

// Whether a failure may come of the caller, who has asked for the end or has no time left.
inline bool caller_left(AsyncRequest& call) noexcept {
  const auto now = std::chrono::steady_clock::now();
  const auto deadline = call.deadline(now);
  return call.cancelled() || (deadline && now >= *deadline);
}

}  // namespace cachesite::layers
