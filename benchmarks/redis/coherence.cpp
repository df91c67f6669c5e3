// What coherence costs: each target of copies in memory that news keep true, beside its figure. A hit is counted by
// benchmarks/layers.sh, and how old copies are by bench_staleness.
//
//   coherence [--output PREFIX]             on a server of its own
//   coherence instructions miss RUNS        misses that fill, to be counted by callgrind: coherence.sh

#include "private_redis.hpp"
#include "report.hpp"
#include "server_figures.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/redis_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace cachesite;
using ::bench::PrivateRedis;
using ::bench::ServerFigures;
using cachesite::bench::Arguments;
using cachesite::bench::Report;
using Kind = Report::Kind;
using Clock = std::chrono::steady_clock;

const std::string value_of_64(64, 'v');

std::string key_of(std::size_t number) {
  auto text = std::to_string(number);
  return "key:" + std::string(20 - text.size(), '0') + text;
}

// The key of the next number, at next to no cost.
void count_on(std::string& key) {
  auto* digit = &key.back();
  for (; *digit == '9'; --digit)
    *digit = '0';
  ++*digit;
}

std::vector<std::string> keys_from(std::size_t first, std::size_t count) {
  std::vector<std::string> keys;
  for (std::size_t number = first; number < first + count; ++number)
    keys.push_back(key_of(number));
  return keys;
}

double microseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// Processor time of all threads but this one.
double of_other_threads() {
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID) - seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

double threads_of_process() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("Threads:")) return std::atof(line.c_str() + 8);
  return 0;
}

double at_part(std::vector<double> figures, double part) {
  std::sort(figures.begin(), figures.end());
  return figures[static_cast<std::size_t>(part * static_cast<double>(figures.size() - 1))];
}

template <class Holds>
void await(Holds holds) {
  const auto begin = Clock::now();
  while (!holds()) {
    if (Clock::now() - begin > std::chrono::seconds(30)) throw std::runtime_error("waited for 30 s in vain");
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

RedisCacheOptions of_server(std::uint16_t port) {
  RedisCacheOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  options.socket_timeout = std::chrono::seconds(10);
  return options;
}

/// A process with copies in memory.
struct Copies {
  explicit Copies(std::uint16_t port, bool tracked = true, std::uint32_t most = 4'000'000) {
    MemoryCacheOptions memory;
    memory.max_size = most;
    near = std::make_shared<MemoryCache>(memory);
    TieredCacheOptions options;
    options.over = std::static_pointer_cast<ICache>(std::make_shared<RedisCache>(of_server(port)));
    options.near = std::static_pointer_cast<ICache>(near);
    options.near_ttl = std::chrono::minutes(30);
    if (tracked) options.coherence.mode = CoherenceMode::tracking;
    cache = std::make_shared<TieredCache>(options);
    (void)cache->get("begin");
    if (tracked) await([&] { return cache->coherence().state == Coherence::coherent; });
  }
  void copy(const std::string& key) const {
    await([&] {
      (void)cache->get(key);
      return cache->explain_copy(key).served;
    });
  }
  /// Makes copies of so many entries.
  void fill(std::size_t count) const {
    constexpr std::size_t batch = 500;
    for (std::size_t first = 0; first < count; first += batch) {
      const auto keys = keys_from(first, batch);
      const std::vector<std::string_view> asked(keys.begin(), keys.end());
      (void)cache->get_many(std::span<const std::string_view>(asked));
    }
  }

  std::shared_ptr<MemoryCache> near;
  std::shared_ptr<TieredCache> cache;
};

/// Another program that writes; it waits for each batch.
class Writer {
 public:
  explicit Writer(std::uint16_t port) : cache_(of_server(port)) { cache_.start(); }

  void write(std::size_t first, std::size_t count) {
    const auto keys = keys_from(first, count);
    std::vector<CacheEntry> entries;
    for (const auto& key : keys)
      entries.emplace_back(key, ByteView(value_of_64), std::chrono::hours(1));
    for (const auto& stored : cache_.set_many(std::span<const CacheEntry>(entries)))
      if (!stored.ok()) throw std::runtime_error(std::string(stored.error().message()));
  }
  void write_all(std::size_t count, std::size_t batch) {
    for (std::size_t first = 0; first < count; first += batch)
      write(first, batch);
  }

 private:
  RedisCache cache_;
};

struct Stage {
  std::uint16_t port;
  ServerFigures& server;
  Writer& writer;
  Report& report;
};

// P4: what a miss that fills asks of the server.
void measure_misses(const Stage& at) {
  constexpr std::size_t count = 2'000;
  at.writer.write_all(count, 500);
  const Copies copies(at.port);
  const auto reads = at.server.figure("total_reads_processed");
  const auto commands = at.server.figure("total_commands_processed");
  for (std::size_t number = 0; number < count; ++number)
    (void)copies.cache->get(key_of(number));
  // The questions themselves are two reads and commands, and PINGs come now and then.
  const auto each = [&](const char* name, double before) {
    return (at.server.figure(name) - before) / static_cast<double>(count);
  };
  at.report.at_most("P4 reads of the server for a miss", 1.02, each("total_reads_processed", reads),
                    Kind::repeatable);
  at.report.at_most("P4 commands for a miss", 2.02, each("total_commands_processed", commands),
                    Kind::repeatable);
}

// P6: what hearing of changes costs, in messages of many keys and of one.
void measure_news(const Stage& at) {
  const Copies copies(at.port);
  const auto cost = [&](std::size_t keys, std::size_t batch) {
    copies.fill(std::min<std::size_t>(keys, 20'000));
    const auto heard = [&] { return copies.cache->tier_statistics().news_keys; };
    const auto before = heard();
    const auto begin = of_other_threads();
    at.writer.write_all(keys, batch);
    await([&] { return heard() >= before + keys; });
    return 1e6 * (of_other_threads() - begin) / static_cast<double>(keys);
  };
  const double together = cost(400'000, 100);
  at.report.at_most("P6 processor us for a key in messages of 100", 1, together, Kind::timed);
  at.report.at_least("P6 keys a second, one thread", 500'000, 1e6 / together, Kind::timed);
  at.report.at_most("P6 processor us for a key alone", 5, cost(20'000, 1), Kind::timed);
}

std::vector<double> times_until_gone(const Stage& at, const Copies& copies, int rounds) {
  std::vector<double> times;
  const auto key = key_of(0);
  for (int round = 0; round < rounds; ++round) {
    copies.copy(key);
    at.writer.write(0, 1);
    const auto begin = Clock::now();
    while (copies.cache->explain_copy(key).present) {
    }
    times.push_back(microseconds_since(begin));
  }
  return times;
}

// P7: from the answer to a writer until the copy is gone.
void measure_delay(const Stage& at) {
  const Copies copies(at.port);
  const auto idle = times_until_gone(at, copies, 2'000);
  at.report.at_most("P7 us until a copy is gone, p50", 50, at_part(idle, 0.5), Kind::timed);
  at.report.at_most("P7 us until a copy is gone, p99", 1'000, at_part(idle, 0.99), Kind::timed);
  std::atomic<bool> done{false};
  std::vector<std::thread> busy;
  for (int thread = 0; thread < 4; ++thread)
    busy.emplace_back([&] {
      while (!done) {
      }
    });
  const auto times = times_until_gone(at, copies, 500);
  done = true;
  for (auto& thread : busy)
    thread.join();
  at.report.at_most("P7 us beside 4 busy threads, p99.9", 25'000, at_part(times, 0.999), Kind::timed);
}

// P8: memory of a copy. P9: what a gap costs, with many copies and with one.
void measure_copies(const Stage& at) {
  constexpr std::size_t count = 1'000'000;
  at.writer.write_all(count, 500);
  const auto gap = [&](const Copies& copies) {
    std::vector<double> costs;
    for (int round = 0; round < 11; ++round) {
      const auto epochs = copies.cache->tier_statistics().epochs;
      const auto begin = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
      (void)at.server.ask("CLIENT KILL TYPE pubsub");
      await([&] { return copies.cache->tier_statistics().epochs > epochs; });
      costs.push_back(seconds_of(CLOCK_PROCESS_CPUTIME_ID) - begin);
    }
    return at_part(costs, 0.5);
  };
  double with_one = 0;
  {
    const Copies one(at.port);
    one.copy(key_of(0));
    with_one = gap(one);
  }
  const Copies many(at.port);
  many.fill(count);
  const auto memory = many.near->statistics();
  const auto entries = static_cast<double>(memory.entries);
  const double content = static_cast<double>(key_of(0).size() + value_of_64.size());
  at.report.at_least("P8 copies that are there", static_cast<double>(count) * 0.99, entries,
                     Kind::repeatable);
  at.report.at_most("P8 bytes of a copy beside key and value", 48,
                    static_cast<double>(memory.bytes) / entries - content, Kind::repeatable);
  at.report.at_most("P9 a gap with a million copies, times with one", 1.5, gap(many) / with_one, Kind::timed);
}

// P10: a batch of which half is near.
void measure_batches(const Stage& at) {
  constexpr std::size_t half = 50;
  std::vector<double> batches;
  std::vector<double> singles;
  std::vector<double> reads;
  for (int round = 0; round < 101; ++round) {
    const Copies copies(at.port);
    const auto keys = keys_from(0, 4 * half);
    const std::vector<std::string_view> all(keys.begin(), keys.end());
    const std::span<const std::string_view> batch(all.data(), 2 * half);
    (void)copies.cache->get_many(batch.first(half));
    const auto before = at.server.figure("total_reads_processed");
    auto begin = Clock::now();
    (void)copies.cache->get_many(batch);
    batches.push_back(microseconds_since(begin));
    reads.push_back(at.server.figure("total_reads_processed") - before - 1);  // without the question itself
    begin = Clock::now();
    for (std::size_t number = 2 * half; number < 3 * half; ++number)
      (void)copies.cache->get(keys[number]);
    singles.push_back(microseconds_since(begin));
  }
  at.report.at_most("P10 reads of the server for a batch, half near", 1, at_part(reads, 0.5),
                    Kind::repeatable);
  at.report.at_most("P10 time of a batch of 100, half near, times 50 gets", 0.35,
                    at_part(batches, 0.5) / at_part(singles, 0.5), Kind::timed);
}

// P12: what a write costs the server when a process listens. It is the server's own work for each key: by callgrind a
// pipelined SET takes Redis 7.0.15 9658 instructions, with one broadcast listener 13 195 (it puts the key into a radix
// tree and writes the message from that), with one more prefix 13 915, and 10 845 with prefixes of other keys alone.
void measure_server(const Stage& at) {
  constexpr std::size_t count = 400'000;
  const auto cost = [&] {
    const auto begin = at.server.processor();
    at.writer.write_all(count, 200);
    return at.server.processor() - begin;
  };
  std::vector<double> ratios;
  for (int round = 0; round < 5; ++round) {
    const double alone = cost();
    const Copies listening(at.port);
    ratios.push_back(cost() / alone);
  }
  at.report.at_most("P12 processor time of the server for a write, times without a listener", 1.1,
                    at_part(ratios, 0.5), Kind::timed);
}

// P13: threads. P14: what a fence asks of the server.
void measure_threads_and_fences(const Stage& at) {
  const double before = threads_of_process();
  {
    const Copies untracked(at.port, false);
    at.report.at_most("P13 threads more without coherence", 0, threads_of_process() - before,
                      Kind::repeatable);
  }
  const Copies copies(at.port);
  at.report.at_most("P13 threads more with news", 1, threads_of_process() - before, Kind::repeatable);
  constexpr int fences = 2'000;
  const auto sent = at.server.figure("total_net_output_bytes");
  const auto received = at.server.figure("total_net_input_bytes");
  const auto reads = at.server.figure("total_reads_processed");
  for (int fence = 0; fence < fences; ++fence)
    if (!copies.cache->fence(std::chrono::seconds(10)).ok()) throw std::runtime_error("a fence failed");
  const double rounds = (at.server.figure("total_reads_processed") - reads) / fences;
  at.report.at_most("P14 reads of the server for a fence", 1.02, rounds, Kind::repeatable);
  at.report.at_most("P14 bytes to the server for a fence", 60,
                    (at.server.figure("total_net_input_bytes") - received) / fences, Kind::repeatable);
  at.report.at_most("P14 bytes from the server for a fence", 60,
                    (at.server.figure("total_net_output_bytes") - sent) / fences, Kind::repeatable);
}

int run(Arguments& options) {
  const PrivateRedis redis;
  ServerFigures server(redis.port());
  Writer writer(redis.port());
  Report report("What coherence of copies in memory costs (24-byte keys, 64-byte values)");
  const Stage stage{redis.port(), server, writer, report};
  for (const auto measure : {measure_misses, measure_news, measure_delay, measure_copies, measure_batches,
                             measure_server, measure_threads_and_fences})
    measure(stage);
  report.publish(options["output"], 3);
  return report.exit_status();
}

int miss(std::size_t runs) {
  const PrivateRedis redis;
  (void)ServerFigures(redis.port())
      .ask("EVAL %s 0 %s %s",
           "for number = 0, ARGV[1] - 1 do redis.call('SET', 'key:' .. string.format('%020d', number), "
           "ARGV[2]) end",
           std::to_string(runs).c_str(), value_of_64.c_str());
  const Copies copies(redis.port());
  auto key = key_of(0);
  for (std::size_t number = 0; number < runs; ++number, count_on(key))
    (void)copies.cache->get(key);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 4 && std::strcmp(arguments[1], "instructions") == 0)
    return miss(static_cast<std::size_t>(std::atoll(arguments[3])));
  return cachesite::bench::run_benchmark(count, arguments, run);
}
