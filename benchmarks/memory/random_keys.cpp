// Hits at random keys of caches from ten thousand to a million entries: what an address costs that is in no
// cache of the processor. Processor time of one thread. --large goes on to ten million, with 4 GB of memory.

#include "report.hpp"
#include "subjects.hpp"
#include "workload.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <random>

namespace {

using namespace cachesite::bench;

constexpr std::size_t reads = 1'000'000;

double thread_nanoseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// Writes keys of 24 digits in place: an array of all keys would be read at random too.
class RandomKey {
 public:
  std::string_view of(std::uint64_t number) {
    for (std::size_t digit = key_size; digit > first_digit; --digit, number /= 10)
      text_[digit - 1] = static_cast<char>('0' + number % 10);
    return {text_, key_size};
  }

 private:
  static constexpr std::size_t first_digit = 14;
  char text_[key_size + 1] = "user:0000000000000000000";
};

struct NoWork {
  bool get(std::string_view key) {
    asm volatile("" : : "r"(key.data()), "r"(key.size()) : "memory");
    return true;
  }
};

template <class User>
double nanoseconds_of_read(User& user, std::size_t entries, unsigned round) {
  RandomKey key;
  std::mt19937_64 random(round);
  std::size_t hits = 0;
  const double begin = thread_nanoseconds();
  for (std::size_t i = 0; i < reads; ++i)
    hits += user.get(key.of(random() % entries)) ? 1 : 0;
  const double taken = thread_nanoseconds() - begin;
  return hits == 0 ? 0 : taken / static_cast<double>(reads);
}

double median(std::vector<double> figures) {
  std::sort(figures.begin(), figures.end());
  return figures[figures.size() / 2];
}

// Twice as large as what it holds, so that each of them hits every time.
template <class Subject>
double nanoseconds(std::size_t entries, unsigned rounds) {
  Subject subject(2 * entries);
  typename Subject::User user(subject);
  RandomKey key;
  const std::string value(value_size, 'v');
  for (std::size_t i = 0; i < entries; ++i)
    user.set(key.of(i), value);
  NoWork nothing;
  std::vector<double> figures;
  for (unsigned round = 0; round < rounds; ++round)
    figures.push_back(nanoseconds_of_read(user, entries, round) -
                      nanoseconds_of_read(nothing, entries, round));
  return median(figures);
}

int run(Arguments& options) {
  const unsigned rounds =
      options.count("rounds") != 0 ? static_cast<unsigned>(std::stoul(options["rounds"])) : 5;
  const std::size_t most = options.count("large") != 0 ? 10'000'000 : 1'000'000;
  Report report(
      "Nanoseconds of a hit at random keys (24-byte keys, 64-byte values), one thread, median of the rounds");
  report.set_columns({"engine", "small pages", "flat + LRU",
#ifdef CACHESITE_BENCH_ROCKSDB
                      "RocksDB LRU", "RocksDB HCC",
#endif
                      "map + list"});
  for (std::size_t entries = 10'000; entries <= most; entries *= 10) {
    std::fprintf(stderr, "%zu entries\n", entries);
    const std::vector<double> figures{nanoseconds<EngineSubject>(entries, rounds),
                                      nanoseconds<SmallPagesSubject>(entries, rounds),
                                      nanoseconds<FlatSubject>(entries, rounds),
#ifdef CACHESITE_BENCH_ROCKSDB
                                      nanoseconds<RocksdbLruSubject>(entries, rounds),
                                      nanoseconds<RocksdbHyperClockSubject>(entries, rounds),
#endif
                                      nanoseconds<HandMadeSubject>(entries, rounds)};
    report.add_row(std::to_string(entries), figures);
    if (entries >= 1'000'000) {
      report.at_most("share of the time in small pages, " + std::to_string(entries) + " entries", 0.75,
                     figures[0] / figures[1], Report::Kind::timed);
    }
  }
  report.publish(options["output"], 0);
  return report.exit_status();
}

}  // namespace

int main(int count, char** arguments) {
  return cachesite::bench::run_benchmark(count, arguments, run);
}
