#include "layers/base/guarded_listeners.hpp"

#include <cachesite/error.hpp>

#include <array>

namespace cachesite::layers {

void GuardedListeners::threw(State& state, const std::exception_ptr& thrown) const noexcept {
  if (state.quiet_events_left.exchange(quiet_events, std::memory_order_relaxed) != 0) return;
  try {
    const std::string text = "a " + std::string(kind_) + " throws; calls continue without it";
    const std::string reason = describe_exception(thrown);
    const std::array attributes{LogAttribute{"component", label_}, LogAttribute{kind_, state.name},
                                LogAttribute{"error", reason}};
    logger_->write(LogLevel::warning, topic_, text, attributes);
  } catch (...) {
    logger_->log(LogLevel::warning, topic_, kind_);
  }
}

void GuardedListeners::worked_again(State& state) const noexcept {
  auto left = state.quiet_events_left.load(std::memory_order_relaxed);
  if (left == 0) return;
  if (!state.quiet_events_left.compare_exchange_strong(left, left - 1, std::memory_order_relaxed)) return;
  if (left > 1) return;
  try {
    const std::array attributes{LogAttribute{"component", label_}, LogAttribute{kind_, state.name}};
    logger_->write(LogLevel::info, topic_, "the " + std::string(kind_) + " works again", attributes);
  } catch (...) {
    logger_->log(LogLevel::info, topic_, kind_);
  }
}

}  // namespace cachesite::layers
