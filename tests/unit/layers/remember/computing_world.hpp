#pragma once

#include "support/fake_clock.hpp"
#include "unit/layers/remember/moody_cache.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/remember_cache.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite::test {

// A RememberCache over a cache in memory, by a clock that stands still.
struct ComputingWorld {
  explicit ComputingWorld(const std::function<void(RememberCacheOptions&)>& change) {
    ComponentContext context;
    context.clock = clock;
    store = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
    below = std::make_shared<MoodyCache>(store);
    RememberCacheOptions options;
    options.over = Reference<ICache>(below);
    change(options);
    cache = std::make_shared<RememberCache>(options, context);
  }

  // The value "old" under "k", whose TTL of a minute ended a second ago.
  void let_value_end() {
    (void)cache->write("k", "old", std::chrono::minutes(1));
    clock->advance(std::chrono::seconds(61));
  }
  Lookup fail(std::string_view key = "k") {
    return cache->remember(key, std::chrono::minutes(1), [this] {
      ++runs;
      return Error(ErrorCode::unreachable, "the source is away");
    });
  }
  Lookup give(std::string_view value, std::string_view key = "k") {
    return cache->remember(key, std::chrono::minutes(1), [this, value] {
      ++runs;
      return std::string(value);
    });
  }
  [[nodiscard]] ComputingStatistics statistics() const { return cache->computing_statistics(); }

  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<MemoryCache> store;
  std::shared_ptr<MoodyCache> below;
  std::shared_ptr<RememberCache> cache;
  std::atomic<int> runs{0};
};

// A factory that hangs until it is released. Shared by what may outlive a test's own scope.
class HangingSource {
 public:
  std::string operator()() const {
    started_->fetch_add(1);
    released_.wait();
    ended_->fetch_add(1);
    return "late";
  }
  void release() const { release_->set_value(); }
  [[nodiscard]] int started() const { return started_->load(); }
  [[nodiscard]] int ended() const { return ended_->load(); }

 private:
  std::shared_ptr<std::promise<void>> release_ = std::make_shared<std::promise<void>>();
  std::shared_future<void> released_ = release_->get_future().share();
  std::shared_ptr<std::atomic<int>> started_ = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<std::atomic<int>> ended_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace cachesite::test
