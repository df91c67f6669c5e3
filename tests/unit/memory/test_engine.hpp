#pragma once

#include "memory/engine/engine.hpp"
#include "support/fake_clock.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace cachesite::test {

// An engine on a clock that the test moves; the invariants are checked when it goes.
class TestEngine {
 public:
  explicit TestEngine(memory::EngineOptions options = {}) : clock_(std::make_shared<FakeClock>()) {
    options.clock = clock_;
    engine_ = std::make_unique<memory::Engine>(std::move(options));
  }
  ~TestEngine() { BOOST_TEST(engine_->check() == ""); }
  TestEngine(const TestEngine&) = delete;
  TestEngine& operator=(const TestEngine&) = delete;

  memory::Engine* operator->() { return engine_.get(); }
  memory::Engine& operator*() { return *engine_; }
  void let_pass(std::chrono::nanoseconds time) { clock_->advance(time); }

  bool set(std::string_view key, std::string_view value, std::uint64_t time_to_live = 3'600'000) {
    return engine_->write(key, ByteView(value), time_to_live) == memory::WriteOutcome::stored;
  }
  // The value, "(null)" or "(miss)".
  std::string get(std::string_view key) {
    Value value;
    switch (engine_->read(key, value)) {
      case Found::hit:
        return std::string(value.text());
      case Found::null:
        return "(null)";
      case Found::miss:
        break;
    }
    return "(miss)";
  }

  // The keys in the order of a walk.
  std::vector<std::string> keys() {
    std::vector<std::string> keys;
    memory::Engine::ScanCursor place;
    while (!place.finished)
      engine_->scan(place, [&](std::string_view key) { keys.emplace_back(key); });
    return keys;
  }

 private:
  std::shared_ptr<FakeClock> clock_;
  std::unique_ptr<memory::Engine> engine_;
};

inline memory::EngineOptions engine_options(EvictionPolicy policy, std::uint64_t max_size) {
  memory::EngineOptions options;
  options.policy = policy;
  options.max_size = max_size;
  return options;
}

constexpr EvictionPolicy all_policies[] = {EvictionPolicy::tinylfu, EvictionPolicy::s3fifo,
                                           EvictionPolicy::lru, EvictionPolicy::fifo};

// Pages that keep their content when they are given back, as pages do that are locked into memory.
class LockedPages final : public memory::PageSource {
 public:
  void* map(std::size_t bytes) noexcept override { return system_.map(bytes); }
  void unmap(void* address, std::size_t bytes) noexcept override { system_.unmap(address, bytes); }
  void discard(void*, std::size_t) noexcept override {}

 private:
  memory::SystemPages system_;
};

// Pages from the system, counted, and failing when told to.
class CountingPages final : public memory::PageSource {
 public:
  void* map(std::size_t bytes) noexcept override {
    if (fails) return nullptr;
    mapped += bytes;
    return system_.map(bytes);
  }
  void unmap(void* address, std::size_t bytes) noexcept override {
    mapped -= bytes;
    longest = std::max<std::uint64_t>(longest, bytes);
    system_.unmap(address, bytes);
  }
  void discard(void* address, std::size_t bytes) noexcept override {
    discarded += bytes;
    longest = std::max<std::uint64_t>(longest, bytes);
    system_.discard(address, bytes);
  }

  std::atomic<bool> fails{false};
  std::atomic<std::uint64_t> mapped{0};
  std::atomic<std::uint64_t> discarded{0};
  std::atomic<std::uint64_t> longest{0};  // bytes given back in one call

 private:
  memory::SystemPages system_;
};

}  // namespace cachesite::test
