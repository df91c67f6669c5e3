// Resident memory for each entry, the byte budget, and the longest operations while ten million entries
// expire.

#include "memory/engine/engine.hpp"
#include "report.hpp"
#include "settable_clock.hpp"
#include "workload.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>

#include <unistd.h>

namespace {

using namespace cachesite;
using namespace cachesite::bench;

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double all = 0;
  double resident = 0;
  file >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::string_view key_of(std::uint64_t number, char (&buffer)[32]) {
  std::snprintf(buffer, sizeof buffer, "user:%019llu", static_cast<unsigned long long>(number));
  return {buffer, key_size};
}

double overhead(std::uint64_t entries) {
  std::fprintf(stderr, "memory of %llu entries\n", static_cast<unsigned long long>(entries));
  const double before = resident_bytes();
  memory::EngineOptions options;
  options.max_size = entries;
  memory::Engine engine(std::move(options));
  const std::string value(value_size, 'v');
  char buffer[32];
  for (std::uint64_t i = 0; i < entries; ++i)
    engine.write(key_of(i, buffer), ByteView(value), 3'600'000);
  const double used = (resident_bytes() - before) / static_cast<double>(engine.statistics().entries);
  return used - key_size - value_size;
}

double largest_share_of_budget() {
  std::fprintf(stderr, "byte budget\n");
  constexpr std::uint64_t budget = 64 << 20U;
  const double before = resident_bytes();
  memory::EngineOptions options;
  options.max_bytes = budget;
  memory::Engine engine(std::move(options));
  std::mt19937_64 random(3);
  const std::string value(20'000, 'v');
  char buffer[32];
  double most = 0;
  for (int i = 0; i < 3'000'000; ++i) {
    const std::size_t size = random() % 100 == 0 ? random() % 20'000 : random() % 400;
    engine.write(key_of(random() % 2'000'000, buffer), ByteView(std::string_view(value).substr(0, size)),
                 3'600'000);
    if (i % 1024 == 0) most = std::max(most, resident_bytes() - before);
  }
  return most / static_cast<double>(budget);
}

// Of the processor, so that other programs' turns do not count.
double thread_milliseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

struct Pauses {
  double percentile = 0;
  double longest = 0;
  double memory_left = 0;  // share of the full cache's memory after the sweep
};

// All entries end at once; then writes go on.
Pauses pauses(std::uint64_t entries) {
  std::fprintf(stderr, "%llu entries that end at once\n", static_cast<unsigned long long>(entries));
  const auto clock = std::make_shared<SettableClock>();
  const double before = resident_bytes();
  memory::EngineOptions options;
  options.max_size = entries;
  options.clock = clock;
  memory::Engine engine(std::move(options));
  const std::string value(value_size, 'v');
  std::vector<float> times;
  times.reserve(2 * entries);
  char buffer[32];
  const double own = resident_bytes() - before;
  const auto timed_write = [&](std::uint64_t number) {
    const auto key = key_of(number, buffer);
    const double begin = thread_milliseconds();
    engine.write(key, ByteView(value), 60'000);
    times.push_back(static_cast<float>(thread_milliseconds() - begin));
  };
  for (std::uint64_t i = 0; i < entries; ++i)
    timed_write(i);
  const double full = resident_bytes() - before - own - static_cast<double>(times.size() * sizeof(float));
  clock->advance(std::chrono::minutes(1));
  for (std::uint64_t i = 0; i < entries; ++i)
    timed_write(i % 1000);
  const double rest = resident_bytes() - before - own - static_cast<double>(times.size() * sizeof(float));
  std::sort(times.begin(), times.end());
  return {times[times.size() - times.size() / 10'000 - 1], times.back(), rest / full};
}

int run(Arguments& options) {
  const std::uint64_t large = options.count("small") != 0 ? 1'000'000 : 10'000'000;
  Report report("Memory and pauses");
  report.set_columns({"figure"});
  const double million = overhead(1'000'000);
  const double ten_million = overhead(large);
  const double share = largest_share_of_budget();
  const Pauses found = pauses(large);
  report.add_row("bytes beyond key and value, 1 M entries", {million});
  report.add_row("bytes beyond key and value, 10 M entries", {ten_million});
  report.add_row("largest share of max_bytes", {share});
  report.add_row("p99.99 of a write, ms", {found.percentile});
  report.add_row("longest write, ms", {found.longest});
  report.add_row("share of memory left after the sweep", {found.memory_left});
  report.at_most("bytes beyond key and value for each of 1 M entries", 24, million, Report::Kind::repeatable);
  report.at_most("bytes beyond key and value for each of 10 M entries", 24, ten_million,
                 Report::Kind::repeatable);
  report.at_most("most resident memory as a share of max_bytes", 1.05, share, Report::Kind::repeatable);
  report.at_most("p99.99 of a write, 10 M entries ending at once, ms", 1, found.percentile,
                 Report::Kind::timed);
  report.at_most("share of memory left after the sweep", 0.1, found.memory_left, Report::Kind::repeatable);
  report.publish(options["output"], 3);
  return report.exit_status();
}

}  // namespace

int main(int count, char** arguments) {
  return cachesite::bench::run_benchmark(count, arguments, run);
}
