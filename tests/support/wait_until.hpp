#pragma once

#include <chrono>
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

}  // namespace cachesite::test
