// Operations per second, all subjects in turn in every round, so that the machine's moods fall on all of them
// alike.

#include "report.hpp"
#include "subjects.hpp"
#include "workload.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

namespace {

using namespace cachesite::bench;

struct Setting {
  std::size_t capacity = 100'000;
  std::size_t key_count = 1'000'000;
  std::size_t operations = 1'000'000;  // of each thread
};

struct Sequences {
  std::vector<std::vector<std::uint32_t>> of_thread;
};

template <class Subject>
double millions_per_second(const Setting& setting, const Keys& keys, Work work, const Sequences& sequences) {
  const std::string value(value_size, 'v');
  Subject subject(setting.capacity);
  fill(subject, keys, setting.capacity, value);
  const std::size_t threads = sequences.of_thread.size();
  std::atomic<std::size_t> waiting{threads};
  std::atomic<std::size_t> hits{0};
  std::vector<std::chrono::steady_clock::time_point> begins(threads);
  std::vector<std::chrono::steady_clock::time_point> ends(threads);
  std::vector<std::thread> crew;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    crew.emplace_back([&, thread] {
      typename Subject::User user(subject);
      const auto& numbers = sequences.of_thread[thread];
      waiting.fetch_sub(1);
      while (waiting.load() != 0)
        std::this_thread::yield();
      begins[thread] = std::chrono::steady_clock::now();
      std::size_t own_hits = 0;
      for (std::size_t step = 0; step < numbers.size(); ++step) {
        own_hits += work_once(user, work, keys[numbers[step]], value, step);
      }
      ends[thread] = std::chrono::steady_clock::now();
      hits.fetch_add(own_hits);
    });
  }
  for (auto& member : crew)
    member.join();
  const std::chrono::duration<double, std::micro> taken =
      *std::max_element(ends.begin(), ends.end()) - *std::min_element(begins.begin(), begins.end());
  return static_cast<double>(threads * setting.operations) / taken.count();
}

double median(std::vector<double> figures) {
  std::nth_element(figures.begin(), figures.begin() + static_cast<std::ptrdiff_t>(figures.size() / 2),
                   figures.end());
  return figures[figures.size() / 2];
}

int run(Arguments& options) {
  Setting setting;
  const unsigned rounds =
      options.count("rounds") != 0 ? static_cast<unsigned>(std::stoul(options["rounds"])) : 5;
  std::vector<unsigned> thread_counts{1, 2, 4, 8};
  if (options.count("threads") != 0) thread_counts = {static_cast<unsigned>(std::stoul(options["threads"]))};
  const Keys keys(setting.key_count);

  Report report(
      "Million operations per second (24-byte keys, 64-byte values, 100 000 entries), median of the rounds");
  report.set_columns({"engine", "ICache", "flat + LRU", "map + list", "x flat", "x list"});
  for (const unsigned threads : thread_counts) {
    for (const auto& [work, name] : works) {
      std::fprintf(stderr, "%u threads: %s\n", threads, name);
      Sequences sequences;
      for (unsigned thread = 0; thread < threads; ++thread) {
        sequences.of_thread.push_back(
            numbers_for(work, setting.operations, setting.capacity, setting.key_count, 100 + thread));
      }
      std::vector<std::vector<double>> figures(6);
      for (unsigned round = 0; round < rounds; ++round) {
        figures[0].push_back(millions_per_second<EngineSubject>(setting, keys, work, sequences));
        figures[1].push_back(millions_per_second<CacheSubject>(setting, keys, work, sequences));
        figures[2].push_back(millions_per_second<FlatSubject>(setting, keys, work, sequences));
        figures[3].push_back(millions_per_second<HandMadeSubject>(setting, keys, work, sequences));
        figures[4].push_back(figures[0].back() / figures[2].back());
        figures[5].push_back(figures[0].back() / figures[3].back());
      }
      std::vector<double> medians;
      for (auto& column : figures)
        medians.push_back(median(column));
      report.add_row(std::to_string(threads) + " " + name, medians);
      if (threads == 2 && (work == Work::get_hit || work == Work::mix)) {
        const bool mix = work == Work::mix;
        report.at_least(std::string("2 threads, ") + name + ", times mutex + map + list", mix ? 6 : 12,
                        medians[5], Report::Kind::timed);
        report.at_least(std::string("2 threads, ") + name + ", times sharded flat map + LRU", mix ? 1.5 : 1.8,
                        medians[4], Report::Kind::timed);
      }
    }
  }
  report.publish(options["output"], 2);
  return report.exit_status();
}

}  // namespace

int main(int count, char** arguments) {
  return cachesite::bench::run_benchmark(count, arguments, run);
}
