// What an OpenTelemetryHook adds to a hit in memory.
//
//   telemetry instructions SUBJECT RUNS   runs that many hits and nothing else, for callgrind
//                                         (benchmarks/telemetry.sh does the sums)
//   telemetry                             time of a hit that is recorded, and what it is without a hook; exit
//                                         status 1 when recording takes more than 2 us or any memory
//
// Subjects: plain, hooked (a hook that does nothing), unsampled (a trace begins, and is not recorded),
// declined (a caller decided that it is not recorded).

#include "counted_allocations.hpp"
#include "telemetry/span_recorder.hpp"

#include <cachesite/hooked_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/open_telemetry_exporter.hpp>
#include <cachesite/open_telemetry_hook.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace cachesite;
using Clock = std::chrono::steady_clock;

constexpr std::string_view key = "user:000000000000000042";

class IdleHook final : public ICacheHook {
 public:
  void before(const CacheCall&) override {}
  void after(const CacheCall&, const CacheCallResult&, std::chrono::nanoseconds) override {}
  void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override {}
};

std::shared_ptr<ICache> store() {
  auto cache = std::make_shared<MemoryCache>(MemoryCacheOptions{});
  cache->set_value(key, std::string(64, 'v'), std::chrono::hours(1));
  return cache;
}

std::shared_ptr<OpenTelemetryExporter> exporter(double sample_ratio) {
  OpenTelemetryExporterOptions options;
  options.service_name = "benchmark";
  options.sample_ratio = sample_ratio;
  return std::make_shared<OpenTelemetryExporter>(options);
}

std::shared_ptr<ICache> make(std::string_view subject) {
  if (subject == "plain") return store();
  if (subject == "hooked")
    return std::make_shared<HookedCache>(
        store(), std::vector<std::shared_ptr<ICacheHook>>{std::make_shared<IdleHook>()});
  return traced(store(), exporter(subject == "declined" ? 1.0 : 0.0));
}

long hits(ICache& cache, long times) {
  Value value;
  long found = 0;
  for (long run = 0; run < times; ++run) {
    const auto result = cache.read(key, value);
    found += result.ok() && result.value() == Found::hit;
  }
  return found;
}

int time_recorded() {
  constexpr long batch = 1000;
  constexpr long batches = 200;
  const auto telemetry = exporter(1.0);
  const auto recorder = telemetry->span_recorder();
  const auto recorded = traced(store(), telemetry);
  const auto plain = store();
  std::vector<telemetry::Span*> spans;
  Clock::duration with{}, without{};
  long made = 0;
  for (long round = 0; round < batches; ++round) {
    const long before = allocations.load();
    const auto begin = Clock::now();
    hits(*recorded, batch);
    with += Clock::now() - begin;
    made += allocations.load() - before;
    const auto second = Clock::now();
    hits(*plain, batch);
    without += Clock::now() - second;
    recorder->take(spans, batch);
    recorder->give_back(spans);
    if (spans.size() != batch) return 1;
  }
  const auto each = [&](Clock::duration all) {
    return std::chrono::nanoseconds(all).count() / (batch * batches);
  };
  std::printf("recorded: %ld ns per hit, without a hook %ld ns; %ld allocations\n",
              static_cast<long>(each(with)), static_cast<long>(each(without)), made);
  return each(with) - each(without) <= 2000 && made == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view what = count > 1 ? arguments[1] : "";
  if (what.empty()) return time_recorded();
  if (what != "instructions" || count < 4) return 2;
  const std::string_view subject = arguments[2];
  const auto cache = make(subject);
  std::optional<TraceScope> scope;
  if (subject == "declined") scope.emplace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  const long runs = std::atol(arguments[3]);
  return hits(*cache, runs) == runs ? 0 : 1;
}
