#pragma once

#include <cachesite/clock.hpp>
#include <cachesite/error.hpp>
#include <cachesite/logger.hpp>

#include <functional>
#include <memory>
#include <string>

namespace cachesite::detail {

/// Reports failures that do not fail a call: to a function of the program, or else to a logger, at most once
/// in ten seconds. Copies share that limit. Safe from any thread.
class FailureReport {
 public:
  using Function = std::function<void(const Error&)>;

  /// `function` may be empty and `logger` null. `message` says what failed. Without a `clock`
  /// it is a SteadyClock.
  FailureReport(Function function, std::shared_ptr<ILogger> logger, std::string message,
                std::shared_ptr<const IClock> clock = nullptr);

  void operator()(const Error& error) const;

 private:
  class Log;

  Function function_;
  std::shared_ptr<Log> log_;
};

}  // namespace cachesite::detail
