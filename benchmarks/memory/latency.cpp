// How long single calls take, as a distribution: one thread, 100 000 entries, each call timed.

#include "report.hpp"
#include "subjects.hpp"
#include "workload.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace {

using namespace cachesite::bench;

constexpr std::size_t capacity = 100'000;
constexpr std::size_t key_count = 1'000'000;
constexpr std::size_t calls = 2'000'000;

float nanoseconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<float, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

// The median, 90 %, 99 %, 99.9 %, 99.99 % and the longest.
std::vector<double> distribution(std::vector<float>& times) {
  std::sort(times.begin(), times.end());
  std::vector<double> result;
  for (const double share : {0.5, 0.9, 0.99, 0.999, 0.9999})
    result.push_back(times[static_cast<std::size_t>(share * static_cast<double>(times.size()))]);
  result.push_back(times.back());
  return result;
}

template <class Subject>
std::vector<double> measure(const Keys& keys, Work work) {
  const std::string value(value_size, 'v');
  Subject subject(capacity);
  fill(subject, keys, capacity, value);
  typename Subject::User user(subject);
  const auto numbers = numbers_for(work, calls, capacity, key_count, 11);
  std::vector<float> times;
  times.reserve(calls);
  for (std::size_t step = 0; step < calls; ++step) {
    const auto key = keys[numbers[step]];
    const auto begin = std::chrono::steady_clock::now();
    static_cast<void>(work_once(user, work, key, value, step));
    times.push_back(nanoseconds_since(begin));
  }
  return distribution(times);
}

int run(Arguments& options) {
  const Keys keys(key_count);
  Report report(
      "Nanoseconds of a call, the clock's own included (24-byte keys, 64-byte values, 100 000 entries)");
  report.set_columns({"50 %", "90 %", "99 %", "99.9 %", "99.99 %", "longest"});
  for (const Work work : {Work::get_hit, Work::set_evict, Work::aside}) {
    const std::string name = std::find_if(works.begin(), works.end(), [work](const auto& named) {
                               return named.first == work;
                             })->second;
    std::fprintf(stderr, "%s\n", name.c_str());
    const auto own = measure<EngineSubject>(keys, work);
    report.add_row(name + ", engine", own);
    report.add_row(name + ", flat + LRU", measure<FlatSubject>(keys, work));
#ifdef CACHESITE_BENCH_ROCKSDB
    report.add_row(name + ", RocksDB LRU", measure<RocksdbLruSubject>(keys, work));
    report.add_row(name + ", RocksDB HCC", measure<RocksdbHyperClockSubject>(keys, work));
#endif
    report.add_row(name + ", map + list", measure<HandMadeSubject>(keys, work));
    if (work == Work::set_evict)
      report.at_most("p99.99 of a write that evicts, ns", 200'000, own[4], Report::Kind::timed);
  }
  report.publish(options["output"], 0);
  return report.exit_status();
}

}  // namespace

int main(int count, char** arguments) {
  return cachesite::bench::run_benchmark(count, arguments, run);
}
