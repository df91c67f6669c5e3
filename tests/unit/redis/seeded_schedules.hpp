#pragma once

#include "support/sanitized.hpp"

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <queue>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace cachesite::test {

/// Events in virtual time; of the same time in the order they were planned. Time is in microseconds.
class VirtualTime {
 public:
  using Event = std::function<void()>;

  [[nodiscard]] std::int64_t now() const { return now_; }
  void at(std::int64_t time, Event event) {
    events_.push({std::max(time, now_), number_++, std::move(event)});
  }
  void after(std::int64_t delay, Event event) { at(now_ + delay, std::move(event)); }
  /// Runs until nothing is planned. False when that takes more than `most` events.
  bool run(std::uint64_t most) {
    while (!events_.empty()) {
      if (most-- == 0) return false;
      auto next = events_.top();
      events_.pop();
      now_ = next.time;
      next.event();
    }
    return true;
  }

 private:
  struct Planned {
    std::int64_t time;
    std::uint64_t number;
    Event event;
    bool operator<(const Planned& other) const {
      return time != other.time ? time > other.time : number > other.number;
    }
  };
  std::priority_queue<Planned> events_;
  std::int64_t now_ = 0;
  std::uint64_t number_ = 0;
};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(engine_);
  }
  std::size_t below(std::size_t count) {
    return static_cast<std::size_t>(between(0, static_cast<std::int64_t>(count) - 1));
  }
  bool chance(int percent) { return between(1, 100) <= percent; }

 private:
  std::mt19937_64 engine_;
};

/// Runs `schedule(seed)`, which gives what went wrong or nothing, for `count` seeds, or for the one in the
/// environment variable CACHESITE_SEED.
template <class Schedule>
void run_seeds(std::uint64_t count, Schedule&& schedule) {
  const char* const wish = std::getenv("CACHESITE_SEED");
  const std::uint64_t first = wish != nullptr ? std::strtoull(wish, nullptr, 10) : 1;
  const std::uint64_t last = wish != nullptr ? first : sanitized ? count / 10 : count;
  int failures = 0;
  for (std::uint64_t seed = first; seed <= last && failures < 5; ++seed) {
    const std::string problem = schedule(seed);
    if (problem.empty()) continue;
    ++failures;
    BOOST_ERROR("seed " << seed << ": " << problem << " (CACHESITE_SEED=" << seed << " replays it)");
  }
}

}  // namespace cachesite::test
