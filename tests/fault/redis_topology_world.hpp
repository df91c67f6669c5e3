#pragma once

#include "support/collecting_logger.hpp"
#include "support/redis_lab.hpp"
#include "support/wait_until.hpp"

#include <cachesite/redis_cache.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace cachesite::test {

/// Threads that write and read their own keys all the time, and what they saw. A value names its key and a
/// number that only grows, so a wrong or older one is noticed.
class TopologyLoad {
 public:
  using Time = std::chrono::steady_clock;

  struct Tally {
    std::atomic<std::uint64_t> calls{0};
    std::atomic<std::uint64_t> failures{0};
    std::atomic<std::uint64_t> wrong{0};
    std::atomic<std::int64_t> longest{0};       // milliseconds
    std::atomic<std::int64_t> last_failure{0};  // milliseconds of the steady clock
  };

  TopologyLoad(RedisCache& cache, std::size_t threads,
               std::function<std::string(std::size_t, std::uint64_t)> key)
      : cache_(cache), key_(std::move(key)) {
    for (std::size_t thread = 0; thread < threads; ++thread)
      threads_.emplace_back([this, thread] { work(thread); });
  }
  ~TopologyLoad() { stop(); }

  void stop() {
    stopped_ = true;
    for (auto& thread : threads_)
      if (thread.joinable()) thread.join();
  }
  static std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Time::now().time_since_epoch()).count();
  }
  /// Waits until so many further calls have been made.
  bool proceeds(std::uint64_t calls) {
    const auto goal = tally.calls + calls;
    return wait_until([&] { return tally.calls >= goal; }, std::chrono::seconds(20));
  }

  Tally tally;
  /// With false a value that is older than the last one written is not counted as wrong: a fail-over may
  /// lose writes.
  std::atomic<bool> expects_latest{true};

 private:
  void work(std::size_t thread) {
    std::vector<std::uint64_t> written(32);
    for (std::uint64_t round = 1; !stopped_; ++round) {
      const auto place = round % written.size();
      const std::string key = key_(thread, place);
      const auto begin = now();
      const std::string text = key + "=" + std::to_string(round);
      const bool stored = cache_.write(key, text, TimeToLive(std::chrono::minutes(5))).ok();
      const auto middle = now();
      const auto lookup = cache_.get(key);
      const auto end = now();
      longest(std::max(middle - begin, end - middle));
      tally.calls += 2;
      if (!stored || lookup.failed()) {
        ++tally.failures;
        tally.last_failure = end;
      }
      if (lookup.hit()) {
        const std::string value(lookup.value().text());
        const bool own = value.starts_with(key + "=");
        if (!own || (stored && expects_latest && value != text)) ++tally.wrong;
      } else if (stored && expects_latest && !lookup.failed()) {
        ++tally.wrong;
      }
      if (!stored || lookup.failed()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  void longest(std::int64_t time) {
    auto known = tally.longest.load();
    while (time > known && !tally.longest.compare_exchange_weak(known, time)) {
    }
  }

  RedisCache& cache_;
  const std::function<std::string(std::size_t, std::uint64_t)> key_;
  std::atomic<bool> stopped_{false};
  std::vector<std::thread> threads_;
};

}  // namespace cachesite::test
