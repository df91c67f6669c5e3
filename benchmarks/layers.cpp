// What layers add to a hit in memory.
//
//   layers instructions SUBJECT RUNS   runs that many hits and nothing else: under callgrind, the difference
//   of
//                                      two runs divided by the difference of their lengths is the number of
//                                      instructions of one hit (benchmarks/layers.sh does the sums)
//   layers [SECONDS]                   processor time of a hit with 1, 2, 4, 8 and 16 threads
//   layers allocations                 exit status 1 when a hit through the layers allocates
//
// Subjects: plain, whole (plain with the longer key that is stored under a prefix), prefix, metrics, both, declared
// (a logical cache with a TTL, a prefix and metrics), awaited and awaited_both (by co_await), remember and
// remember_ahead (a fresh near hit by `remember`, without and with a refresh ahead), tiered and tracked (a near hit,
// without coherence and while a server vouches for it).

#include "counted_allocations.hpp"
#include "detached.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/change_feed.hpp>
#include <cachesite/hooked_cache.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace cachesite;

constexpr std::string_view prefix = "shop:";
constexpr std::string_view key = "user:000000000000000042";
constexpr std::string_view subjects[] = {"plain",    "whole",          "prefix",  "metrics",
                                         "both",     "declared",       "awaited", "awaited_both",
                                         "remember", "remember_ahead", "tiered",  "tracked"};

std::shared_ptr<ICache> counted(std::shared_ptr<ICache> below) {
  MetricsCacheOptions options;
  options.over = Reference<ICache>(std::move(below));
  return std::make_shared<MetricsCache>(options);
}

std::shared_ptr<ICache> declared(std::shared_ptr<ICache> store) {
  CacheOptions options;
  options.store = std::move(store);
  options.ttl = std::chrono::hours(1);
  options.prefix = prefix;
  options.metrics.emplace();
  return make_cache(options);
}

// Copies in front of a store, and values that are computed.
std::shared_ptr<ICache> computing(std::shared_ptr<ICache> store, RefreshMode refresh) {
  CacheOptions options;
  options.store = std::move(store);
  options.near.emplace().ttl = std::chrono::hours(1);
  options.remember.emplace().stale.keep = std::chrono::hours(1);
  options.remember->refresh.mode = refresh;
  return make_cache(options);
}

// A store whose news are always complete.
class Vouching final : public CacheLayer, public IChangeFeed {
 public:
  using CacheLayer::CacheLayer;

  std::unique_ptr<IFeedWatch> watch(std::string, FeedOptions, IFeedListener&) override {
    return std::make_unique<Watch>();
  }

 private:
  class Watch final : public IFeedWatch {
   public:
    const std::atomic<std::uint32_t>& served(FeedServer) const noexcept override { return served_; }
    const std::atomic<std::int64_t>& valid_until(FeedServer) const noexcept override { return valid_until_; }
    const std::atomic<std::uint64_t>& generation() const noexcept override { return generation_; }
    Status fence(std::chrono::milliseconds) noexcept override { return Done{}; }
    std::vector<ServerReport> servers() const override { return {}; }

   private:
    std::atomic<std::uint32_t> served_{1};
    std::atomic<std::int64_t> valid_until_{INT64_MAX};
    std::atomic<std::uint64_t> generation_{1};
  };
};

std::shared_ptr<ICache> tiered(const std::shared_ptr<ICache>& store, CoherenceMode mode) {
  TieredCacheOptions options;
  options.over = std::static_pointer_cast<ICache>(std::make_shared<Vouching>(store));
  options.near = std::static_pointer_cast<ICache>(std::make_shared<MemoryCache>());
  options.near_ttl = std::chrono::hours(1);
  options.coherence.mode = mode;
  return std::make_shared<TieredCache>(options);
}

struct Subject {
  std::shared_ptr<ICache> cache = std::make_shared<MemoryCache>(MemoryCacheOptions{});
  std::string key{::key};
  bool awaited = false;
  bool remembers = false;
};

Subject make(std::string_view name) {
  Subject subject;
  if (name == "whole") subject.key.insert(0, prefix);
  subject.awaited = name.starts_with("awaited");
  if (name == "prefix" || name.ends_with("both"))
    subject.cache = prefixed(subject.cache, std::string(prefix));
  if (name == "metrics" || name.ends_with("both")) subject.cache = counted(subject.cache);
  subject.remembers = name.starts_with("remember");
  if (subject.remembers)
    subject.cache =
        computing(subject.cache, name == "remember_ahead" ? RefreshMode::eager : RefreshMode::off);
  if (name == "declared") subject.cache = declared(subject.cache);
  if (name == "tiered") subject.cache = tiered(subject.cache, CoherenceMode::none);
  if (name == "tracked") subject.cache = tiered(subject.cache, CoherenceMode::tracking);
  subject.cache->set_value(subject.key, std::string(64, 'v'), std::chrono::hours(1));
  (void)subject.cache->get_value(subject.key);
  return subject;
}

bench::Detached await_hits(ICache& cache, std::string_view asked, long times, long& found) {
  Value value;
  for (long run = 0; run < times; ++run) {
    const auto result = co_await cache.async_read(asked, value);
    found += result.ok() && result.value() == Found::hit;
  }
}

long remembered(const Subject& subject, long times) {
  auto& cache = *find_interface<IComputingCache>(*subject.cache);
  long found = 0;
  for (long run = 0; run < times; ++run)
    found += cache.remember(subject.key, std::chrono::hours(1), [] { return std::string(64, 'v'); }).hit();
  return found;
}

long hits(const Subject& subject, long times) {
  if (subject.remembers) return remembered(subject, times);
  Value value;
  ICache& cache = *subject.cache;
  long found = 0;
  if (subject.awaited) {
    await_hits(cache, subject.key, times, found);
    return found;
  }
  for (long run = 0; run < times; ++run) {
    const auto result = cache.read(subject.key, value);
    found += result.ok() && result.value() == Found::hit;
  }
  return found;
}

// Nanoseconds of processor time for one hit: other programs on the machine do not count.
double nanoseconds(const Subject& subject, int threads, double seconds) {
  std::atomic<bool> done{false};
  std::atomic<long> total{0};
  std::vector<std::thread> workers;
  const std::clock_t begin = std::clock();
  for (int index = 0; index < threads; ++index)
    workers.emplace_back([&] {
      long found = 0;
      while (!done.load(std::memory_order_relaxed))
        found += hits(subject, 1000);
      total += found;
    });
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  done = true;
  for (auto& worker : workers)
    worker.join();
  const double used = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  return used * 1e9 / static_cast<double>(total.load());
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view what = count > 1 ? arguments[1] : "";
  if (what == "instructions" && count > 3) {
    const long runs = std::atol(arguments[3]);
    return hits(make(arguments[2]), runs) == runs ? 0 : 1;
  }
  if (what == "allocations") {
    long all = 0;
    for (const auto name : {"both", "awaited_both", "remember", "remember_ahead", "tracked"}) {
      const auto subject = make(name);
      hits(subject, 1000);
      const long before = allocations.load();
      hits(subject, 100'000);
      const long frames = subject.awaited ? 1 : 0;  // of the coroutine, once
      const long made = allocations.load() - before - frames;
      std::printf("%s: %ld allocations in 100000 hits\n", name, made);
      all += made;
    }
    return all == 0 ? 0 : 1;
  }
  const double seconds = count > 1 ? std::atof(arguments[1]) : 1.0;
  std::printf("ns per hit   ");
  for (const auto name : subjects)
    std::printf("%9.*s", static_cast<int>(name.size()), name.data());
  std::printf("\n");
  for (const int threads : {1, 2, 4, 8, 16}) {
    std::printf("%2d threads   ", threads);
    for (const auto name : subjects)
      std::printf("%9.1f", nanoseconds(make(name), threads, seconds));
    std::printf("\n");
  }
}
