#pragma once

#include <chrono>
#include <stdexcept>
#include <thread>

namespace cachesite::test {

/// Polls `condition` until it holds or `limit` has passed; returns whether it held.
/// The condition is always tried once more after the limit, so a machine that stalls does not fail a test
/// whose condition came true in the meantime.
template <class Condition>
bool wait_until(Condition&& condition, std::chrono::milliseconds limit = std::chrono::seconds(10),
                std::chrono::microseconds interval = std::chrono::milliseconds(1)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return static_cast<bool>(condition());
    std::this_thread::sleep_for(interval);
  }
  return true;
}

/// The same for a condition that asks servers: it does not hold while it throws, such as when one of them has just ended its
/// connections.
template <class Condition>
bool wait_until_answered(Condition&& condition, std::chrono::milliseconds limit,
                         std::chrono::microseconds interval) {
  const auto holds = [&] {
    try {
      return static_cast<bool>(condition());
    } catch (const std::runtime_error&) {
      return false;
    }
  };
  return wait_until(holds, limit, interval);
}

}  // namespace cachesite::test
