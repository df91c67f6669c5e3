#include "../loaders/memory_meter.hpp"
#include "telemetry_fixture.hpp"

#include <algorithm>
#include <ctime>

using namespace cachesite;
using namespace cachesite::test;

namespace {

std::chrono::nanoseconds p99_of_reads(ICache& cache) {
  std::vector<std::chrono::nanoseconds> durations;
  durations.reserve(20'000);
  Value value;
  for (int call = 0; call < 20'000; ++call) {
    const auto begin = std::chrono::steady_clock::now();
    (void)cache.read("key", value);
    durations.push_back(std::chrono::steady_clock::now() - begin);
  }
  const auto place = durations.begin() + static_cast<std::ptrdiff_t>(durations.size() * 99 / 100);
  std::nth_element(durations.begin(), place, durations.end());
  return *place;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cost)

BOOST_AUTO_TEST_CASE(a_recorded_call_takes_no_memory) {
  TracedMemory world;  // not started, so nobody else takes memory
  world.cache->set_value("key", "value", 1h);
  Value value;
  (void)world.cache->read("key", value);
  const TraceScope warm("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  std::uint64_t spans = 2;
  std::size_t peak = 1;
  // The first call on a processor may take memory, once.
  for (int round = 0; round < 8 && peak != 0; ++round) {
    MemoryMeter::reset();
    for (int call = 0; call < 100; ++call) {
      const TraceScope scope("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
      (void)world.cache->read("key", value);
      (void)world.cache->read("absent", value);
    }
    peak = MemoryMeter::peak();
    spans += 200;
  }
  BOOST_TEST(peak == 0u);
  BOOST_TEST(world.exporter->statistics().spans_queued == spans);
}

// The collector cannot be connected to, and the queue is full after the first calls. A bound with much room,
// for a machine that is busy; what counts is that no call waits for a connection or for a queue.
BOOST_AUTO_TEST_CASE(a_dead_collector_leaves_the_99th_percentile_of_calls_as_it_is) {
  auto options = every_call("");
  options.flush_every = 10ms;
  options.timeout = 200ms;
  TracedMemory alive(options);
  alive.exporter->start();
  options.endpoint = "http://127.0.0.1:1";
  const auto dead = std::make_shared<OpenTelemetryExporter>(options);
  dead->start();
  const auto cache = traced(in_memory(), dead);
  auto least_alive = std::chrono::nanoseconds::max();
  auto least_dead = std::chrono::nanoseconds::max();
  for (int round = 0; round < 5; ++round) {
    least_alive = std::min(least_alive, p99_of_reads(*alive.cache));
    least_dead = std::min(least_dead, p99_of_reads(*cache));
  }
  BOOST_TEST((least_dead < 2 * least_alive + 20us), least_dead.count()
                                                        << " ns, " << least_alive.count() << " ns");
  BOOST_TEST(dead->statistics().spans_dropped > 0u);
  BOOST_TEST(dead->statistics().spans_sent == 0u);
  dead->stop();
}

BOOST_AUTO_TEST_SUITE_END()
