#pragma once

#include "support/shared_object.hpp"
#include "support/wait_until.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/redis_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

/// How old copies in memory are that processes read while other programs write: what those processes do, and what they
/// share. A read is stale when a newer value had been acknowledged to its writer before the read began.
namespace cachesite::test {

/// A value that the server has acknowledged, and when, in nanoseconds of CLOCK_MONOTONIC.
struct Acknowledged {
  std::atomic<std::int64_t> number;
  std::atomic<std::int64_t> time;
};
/// Of each key the last values, the number at place number % kept_values: stale_writer.py puts them in.
inline constexpr std::size_t kept_values = 256;
inline constexpr std::size_t most_written_keys = 10'000;
using WrittenValues = std::array<std::array<Acknowledged, kept_values>, most_written_keys>;

struct StaleAge {
  const char* name;
  std::int64_t nanoseconds;
};
inline constexpr std::array<StaleAge, 9> stale_ages{{{"0", 0},
                                                     {"1 ms", 1'000'000},
                                                     {"5 ms", 5'000'000},
                                                     {"20 ms", 20'000'000},
                                                     {"100 ms", 100'000'000},
                                                     {"250 ms", 250'000'000},
                                                     {"1 s", 1'000'000'000},
                                                     {"5 s", 5'000'000'000},
                                                     {"10 s", 10'000'000'000}}};

struct StaleReads {
  std::uint64_t reads = 0;
  std::array<std::uint64_t, stale_ages.size()> staler{};  // than each of `stale_ages`
  std::int64_t stalest = 0;                               // nanoseconds

  void add(std::int64_t age) {
    ++reads;
    for (std::size_t place = 0; place < stale_ages.size() && age > stale_ages[place].nanoseconds; ++place)
      ++staler[place];
    stalest = std::max(stalest, age);
  }
  void add(const StaleReads& other) {
    reads += other.reads;
    for (std::size_t place = 0; place < stale_ages.size(); ++place)
      staler[place] += other.staler[place];
    stalest = std::max(stalest, other.stalest);
  }
};

/// What readers share with the program that has begun them. All bytes are 0 at first.
struct ReadersMemory {
  static constexpr std::size_t most_readers = 200;

  struct alignas(64) Reader {
    std::atomic<bool> ready;
    std::atomic<bool> has_ended;
    std::atomic<bool> is_audited;
    StaleReads measured;
    std::uint64_t near_hits;
    int different;
  };

  std::atomic<bool> begin;
  std::atomic<bool> end;
  std::atomic<bool> audit;
  std::array<Reader, most_readers> readers;
};

/// What a reader reads.
struct Reading {
  std::uint16_t port = 0;
  /// With coherence: tracking; else a near_ttl of 10 s alone.
  bool tracked = true;
  std::size_t keys = most_written_keys;
};

template <class Holds>
void await(Holds holds, std::chrono::seconds limit = std::chrono::seconds(60)) {
  if (!wait_until(holds, limit)) throw std::runtime_error("waited in vain");
}

inline std::shared_ptr<TieredCache> tiers_of(const Reading& reading) {
  RedisCacheOptions redis;
  redis.host = "127.0.0.1";
  redis.port = reading.port;
  redis.prefix = "stale:";
  redis.socket_timeout = std::chrono::seconds(5);
  TieredCacheOptions options;
  options.over = std::static_pointer_cast<ICache>(std::make_shared<RedisCache>(redis));
  MemoryCacheOptions near;
  near.max_size = 100'000;
  options.near = std::static_pointer_cast<ICache>(std::make_shared<MemoryCache>(near));
  if (reading.tracked)
    options.coherence.mode = CoherenceMode::tracking;
  else
    options.near_ttl = std::chrono::seconds(10);
  return std::make_shared<TieredCache>(options);
}

inline std::int64_t monotonic_time() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// By the oldest of the newer values that had been acknowledged before the read and are still kept. That one of them
/// was stored may be unknown.
inline std::int64_t stale_for(const std::array<Acknowledged, kept_values>& written, std::int64_t seen,
                              std::int64_t began) {
  const auto age = [&](const Acknowledged& kept) {
    return began - kept.time.load(std::memory_order_acquire);
  };
  bool overtaken = false;
  for (const auto next : {seen + 1, seen + 2}) {
    const auto& kept = written[static_cast<std::size_t>(next) % kept_values];
    const auto number = kept.number.load(std::memory_order_acquire);
    if (number == next) return std::max<std::int64_t>(0, age(kept));
    overtaken = overtaken || number > next;
  }
  std::int64_t stale = 0;
  for (std::size_t place = 0; overtaken && place < kept_values; ++place)
    if (written[place].number.load(std::memory_order_acquire) > seen)
      stale = std::max(stale, age(written[place]));
  return stale;
}

/// Reads keys by Zipf's law with exponent 0.99 until it is done.
inline void read_on(ICache& cache, std::size_t keys, const WrittenValues& written,
                    const std::atomic<bool>& done, unsigned seed, StaleReads& measured) {
  std::vector<double> sums;
  double sum = 0;
  for (std::size_t rank = 1; rank <= keys; ++rank)
    sums.push_back(sum += std::pow(rank, -0.99));
  std::minstd_rand random(seed);
  std::uniform_real_distribution<double> anywhere(0, sum);
  Value value;
  while (!done.load(std::memory_order_relaxed)) {
    const auto place = std::lower_bound(sums.begin(), sums.end(), anywhere(random)) - sums.begin();
    const auto key = std::min(static_cast<std::size_t>(place), keys - 1);
    const auto began = monotonic_time();
    const auto found = cache.read(std::to_string(key), value);
    if (!found.ok() || found.value() != Found::hit) continue;
    std::int64_t number = 0;
    std::from_chars(value.text().data(), value.text().data() + value.text().size(), number);
    measured.add(stale_for(written[key], number, began));
  }
}

/// How many keys tiers and their server tell apart once all news have come.
inline int differences_of(TieredCache& cache, std::size_t keys) {
  if (!cache.fence(std::chrono::seconds(10)).ok()) return static_cast<int>(keys);
  int different = 0;
  for (std::size_t key = 0; key < keys; ++key) {
    const auto name = std::to_string(key);
    const auto copy = cache.get_value(name);
    const auto stored = cache.below()->get_value(name);
    if (copy.has_value() != stored.has_value() || (copy && copy->text() != stored->text())) ++different;
  }
  return different;
}

/// The life of the reader with this number.
inline void be_reader(const Reading& reading, const WrittenValues& written, ReadersMemory& shared,
                      std::size_t number) {
  auto& own = shared.readers.at(number);
  const auto cache = tiers_of(reading);
  (void)cache->get("0");
  const auto coherent = [&] { return !reading.tracked || cache->coherence().state == Coherence::coherent; };
  await(coherent);
  own.ready = true;
  await([&] { return shared.begin.load(); });
  read_on(*cache, reading.keys, written, shared.end, static_cast<unsigned>(number) + 1, own.measured);
  own.near_hits = cache->tier_statistics().near_hits;
  own.has_ended = true;
  await([&] { return shared.audit.load(); }, std::chrono::seconds(120));
  await(coherent);
  if (reading.tracked) own.different = differences_of(*cache, reading.keys);
  own.is_audited = true;
}

}  // namespace cachesite::test
