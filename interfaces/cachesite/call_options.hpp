#pragma once

#include <cachesite/executor.hpp>

#include <chrono>
#include <optional>
#include <stop_token>

namespace cachesite {

/// How an asynchronous call is made. The default: the time that the component is set to, no cancellation, and
/// the caller goes on where the event loop runs.
struct CallOptions {
  /// Longest time that the call takes, from the moment that it begins.
  std::optional<std::chrono::milliseconds> patience = {};
  /// Ends the call with `closed` when a stop is requested, unless it ends by itself before. A call that has
  /// been sent may have been carried out, which its `Outcome` tells; the connection stays.
  std::stop_token stop = {};
  /// Where the caller goes on. It has to outlive the call.
  IExecutor* executor = nullptr;
};

}  // namespace cachesite
