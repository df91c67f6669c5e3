#pragma once

#include "fake_backend.hpp"
#include "mutex/engine.hpp"
#include "support/collecting_logger.hpp"
#include "support/fake_clock.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

namespace cachesite::test {

/// A mutex site over a fake backend, on a clock that the test moves.
struct EngineWorld {
  explicit EngineWorld(std::shared_ptr<const IClock> other_clock = nullptr)
      : engine(std::make_shared<mutex::Engine>(
            std::make_unique<FakeBackend>(backend),
            mutex::EngineOptions{std::chrono::seconds(30), std::chrono::seconds(5), "the mutexes", logger,
                                 other_clock ? std::move(other_clock) : clock})) {}
  ~EngineWorld() { engine->stop(); }
  EngineWorld(const EngineWorld&) = delete;
  EngineWorld& operator=(const EngineWorld&) = delete;

  [[nodiscard]] std::shared_ptr<IMutex> mutex(const std::string& name, bool reentrant = false) const {
    return engine->make_mutex(name, reentrant);
  }
  /// Moves time, and has the keeper do what is due then.
  void advance(std::chrono::milliseconds length) const {
    clock->advance(length);
    engine->attend();
  }
  static MutexRequest within(std::chrono::milliseconds wait) {
    MutexRequest request;
    request.wait = wait;
    return request;
  }

  const std::shared_ptr<FakeBackend::State> backend = std::make_shared<FakeBackend::State>();
  const std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  const std::shared_ptr<CollectingLogger> logger = std::make_shared<CollectingLogger>();
  const std::shared_ptr<mutex::Engine> engine;
};

inline std::shared_ptr<IMutexLease> must_take(IMutex& mutex, const MutexRequest& request = {}) {
  auto taken = mutex.take(request);
  BOOST_REQUIRE_MESSAGE(taken.ok(), (taken.ok() ? "" : std::string(taken.error().message())));
  BOOST_REQUIRE(taken.value());
  return std::move(taken).value();
}

}  // namespace cachesite::test
