// Every allocation of some scenarios fails once: from the heap, and from the system by a page source. The
// call may fail; the cache stays whole and usable.

#include "support/failing_allocations.hpp"
#include "unit/memory/test_engine.hpp"

#include <functional>
#include <new>

using namespace cachesite;
using namespace std::chrono_literals;
using test::FailingAllocations;

namespace {

class FailingPages final : public memory::PageSource {
 public:
  void* map(std::size_t bytes) noexcept override {
    return FailingAllocations::this_one_fails() ? nullptr : system_.map(bytes);
  }
  void unmap(void* address, std::size_t bytes) noexcept override { system_.unmap(address, bytes); }
  void discard(void* address, std::size_t bytes) noexcept override { system_.discard(address, bytes); }

 private:
  memory::SystemPages system_;
};

struct Scenario {
  const char* name;
  memory::EngineOptions options;
  std::function<void(memory::Engine&, test::FakeClock&)> act;
};

memory::EngineOptions options_of(EvictionPolicy policy, std::optional<std::uint64_t> entries,
                                 std::optional<std::uint64_t> bytes = {}) {
  memory::EngineOptions options;
  options.policy = policy;
  options.max_size = entries;
  options.max_bytes = bytes;
  return options;
}

std::string key_of(int number) {
  return "key:" + std::to_string(number);
}

void put(memory::Engine& engine, int first, int count, std::size_t size = 30) {
  static const std::string value(300'000, 'v');
  char key[32];
  for (int i = first; i < first + count; ++i) {
    std::snprintf(key, sizeof key, "key:%d", i);
    static_cast<void>(engine.write(key, ByteView(std::string_view(value).substr(0, size)), 1000));
  }
}

std::vector<Scenario> scenarios() {
  using Clock = test::FakeClock;
  const auto tiny = EvictionPolicy::tinylfu;
  std::vector<Scenario> list;
  const auto add = [&list](const char* name, memory::EngineOptions options, auto act) {
    list.push_back({name, std::move(options), act});
  };
  add("first write", options_of(tiny, 100), [](auto& engine, Clock&) { put(engine, 0, 1); });
  add("growth", options_of(tiny, 100'000), [](auto& engine, Clock&) { put(engine, 0, 1500); });
  add("eviction", options_of(tiny, 50), [](auto& engine, Clock&) { put(engine, 0, 500); });
  add("large values", options_of(tiny, 50), [](auto& engine, Clock&) { put(engine, 0, 60, 5000); });
  add("byte budget", options_of(tiny, {}, 50'000), [](auto& engine, Clock&) { put(engine, 0, 800, 100); });
  add("large values in a budget", options_of(tiny, {}, 500'000),
      [](auto& engine, Clock&) { put(engine, 0, 30, 60'000); });
  add("small to large to small", options_of(tiny, 50), [](auto& engine, Clock&) {
    put(engine, 0, 20, 10);
    put(engine, 0, 20, 10'000);
    put(engine, 0, 20, 10);
  });
  add("sweep", options_of(tiny, 1000), [](auto& engine, Clock& clock) {
    put(engine, 0, 300);
    clock.advance(1s);
    put(engine, 1000, 50);
  });
  add("clear and refill", options_of(tiny, 1000), [](auto& engine, Clock&) {
    put(engine, 0, 300);
    engine.clear();
    put(engine, 0, 300);
  });
  add("shrink", options_of(tiny, 1000), [](auto& engine, Clock&) {
    put(engine, 0, 600);
    engine.set_max_size(10);
    put(engine, 1000, 100);
  });
  add("longer ttl", options_of(tiny, 100), [](auto& engine, Clock&) {
    put(engine, 0, 50);
    static_cast<void>(engine.expire("key:7", 315'576'000'000));
  });
  auto idle = options_of(tiny, 100);
  idle.time_to_idle = 100ms;
  add("idle time", idle, [](auto& engine, Clock& clock) {
    put(engine, 0, 90);
    Value value;
    static_cast<void>(engine.read("key:1", value));
    clock.advance(100ms);
    put(engine, 0, 10);
  });
  auto listening = options_of(tiny, 30);
  listening.listener = [](std::string_view, RemovalCause) {};
  add("listener", listening, [](auto& engine, Clock&) { put(engine, 0, 100); });
  add("reads of large values", options_of(tiny, 30), [](auto& engine, Clock&) {
    put(engine, 0, 10, 1000);
    for (const char* key : {"key:1", "key:2", "key:3"}) {
      Value value;
      static_cast<void>(engine.read(key, value));
    }
  });
  add("removals", options_of(tiny, 1000), [](auto& engine, Clock&) {
    put(engine, 0, 300);
    for (const char* key : {"key:1", "key:2", "key:3"})
      engine.remove(key);
    put(engine, 0, 10);
  });
  for (const auto policy : {EvictionPolicy::lru, EvictionPolicy::s3fifo, EvictionPolicy::fifo}) {
    add("exact policy", options_of(policy, 50), [](auto& engine, Clock& clock) {
      put(engine, 0, 120);
      put(engine, 100, 20, 2000);
      clock.advance(1s);
      put(engine, 0, 30);
    });
  }
  for (const auto policy : test::all_policies) {
    add("conditional writes", options_of(policy, 40), [](auto& engine, Clock&) {
      for (int i = 0; i < 60; ++i) {
        const std::string value(i % 5 == 0 ? 3000 : 10, 'v');
        static_cast<void>(
            engine.write_if(memory::WriteCondition::absent, key_of(i % 50), ByteView(value), 1000));
        static_cast<void>(
            engine.write_if(memory::WriteCondition::present, key_of(i % 30), ByteView(value), 1000));
      }
    });
    add("counters, walks and ends", options_of(policy, 40), [](auto& engine, Clock&) {
      std::int64_t sum = 0;
      for (int i = 0; i < 60; ++i)
        static_cast<void>(
            engine.increment(std::string(i % 5 == 0 ? 3000 : 3, 'k') + key_of(i % 30), 1000, 1000, sum));
      memory::Engine::ScanCursor place;
      while (!place.finished)
        engine.scan(place, [](std::string_view) {});
      static_cast<void>(engine.expire("kkk" + key_of(7), 315'576'000'000));
      static_cast<void>(engine.persist("kkk" + key_of(8)));
    });
  }
  add("exact policy in a budget", options_of(EvictionPolicy::lru, {}, 50'000),
      [](auto& engine, Clock&) { put(engine, 0, 200, 300); });
  auto idle_lru = options_of(EvictionPolicy::lru, 50);
  idle_lru.time_to_idle = 100ms;
  add("exact policy with idle time", idle_lru, [](auto& engine, Clock&) { put(engine, 0, 80); });
  return list;
}

// False when the scenario ran to its end without reaching the allocation that was to fail.
bool run(const Scenario& scenario, long failing) {
  const auto clock = std::make_shared<test::FakeClock>();
  auto options = scenario.options;
  options.clock = clock;
  options.pages = std::make_shared<FailingPages>();
  options.seed = memory::HashSeed{0x0123456789ABCDEF, 0xFEDCBA9876543210};
  memory::Engine engine(std::move(options));
  bool reached = false;
  {
    const FailingAllocations failures(FailingAllocations::On::this_thread, failing);
    try {
      scenario.act(engine, *clock);
    } catch (const std::bad_alloc&) {
    }
    reached = failures.reached();
  }
  const std::string broken = engine.check();
  if (!broken.empty())
    BOOST_ERROR(std::string(scenario.name) + ", allocation " + std::to_string(failing) + ": " + broken);
  Value value;
  BOOST_REQUIRE((engine.write("after", ByteView("wards"), 1000) == memory::WriteOutcome::stored));
  BOOST_REQUIRE((engine.read("after", value) == Found::hit));
  BOOST_REQUIRE(value.text() == "wards");
  return reached;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(allocation_failure)

BOOST_AUTO_TEST_CASE(at_any_allocation_of_many_scenarios_leaves_a_usable_cache) {
  const auto list = scenarios();
  BOOST_TEST(list.size() == 28U);
  for (const Scenario& scenario : list) {
    long failing = 0;
    while (run(scenario, failing))
      ++failing;
    BOOST_TEST(failing > 0, scenario.name);
    BOOST_TEST_MESSAGE(scenario.name << ": " << failing << " allocations");
  }
}

BOOST_AUTO_TEST_CASE(of_the_engine_itself_is_an_exception_and_leaks_nothing) {
  for (const auto policy : test::all_policies) {
    for (long failing = 0;; ++failing) {
      BOOST_REQUIRE(failing < 100);
      auto options = options_of(policy, 100);
      options.pages = std::make_shared<FailingPages>();
      FailingAllocations failures(FailingAllocations::On::this_thread, failing);
      bool made = false;
      try {
        const memory::Engine engine(std::move(options));
        made = true;
      } catch (const std::bad_alloc&) {
      }
      failures.end();
      if (made) break;
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
