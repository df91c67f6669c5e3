#include <cachesite/detail/failure_report.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace cachesite::detail {

class FailureReport::Log {
 public:
  Log(std::shared_ptr<ILogger> logger, std::string message, std::shared_ptr<const IClock> clock)
      : logger_(std::move(logger)), message_(std::move(message)), clock_(std::move(clock)) {}

  void write(const Error& error) noexcept {
    untold_.fetch_add(1, std::memory_order_relaxed);
    const auto now = clock_->now().time_since_epoch().count();
    auto next = next_.load(std::memory_order_relaxed);
    if (now < next || !next_.compare_exchange_strong(next, now + pause, std::memory_order_relaxed)) return;
    try {
      const auto failures = std::to_string(untold_.exchange(0, std::memory_order_relaxed));
      const std::array attributes{LogAttribute{"code", to_string(error.code())},
                                  LogAttribute{"reason", error.message()},
                                  LogAttribute{"failures", failures}};
      logger_->write(LogLevel::warning, "cache", message_, attributes);
    } catch (...) {
      logger_->log(LogLevel::warning, "cache", message_);
    }
  }

 private:
  static constexpr std::int64_t pause = IClock::TimePoint::duration(std::chrono::seconds(10)).count();

  const std::shared_ptr<ILogger> logger_;
  const std::string message_;
  const std::shared_ptr<const IClock> clock_;
  std::atomic<std::int64_t> next_{INT64_MIN};
  std::atomic<std::uint64_t> untold_{0};
};

FailureReport::FailureReport(Function function, std::shared_ptr<ILogger> logger, std::string message,
                             std::shared_ptr<const IClock> clock)
    : function_(std::move(function)) {
  if (!function_ && logger)
    log_ = std::make_shared<Log>(std::move(logger), std::move(message),
                                 clock ? std::move(clock) : std::make_shared<SteadyClock>());
}

void FailureReport::operator()(const Error& error) const {
  if (function_)
    function_(error);
  else if (log_)
    log_->write(error);
}

}  // namespace cachesite::detail
