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

using Measure = double (*)(const Setting&, const Keys&, Work, const Sequences&);
struct Contestant {
  std::string name;
  Measure measure;
  // Of the engine's figure to this one's, with two threads; 0 for none.
  double get_hit = 0;
  double set_evict = 0;
  double mix = 0;
  double aside = 0;
};

double target_of(const Contestant& contestant, Work work) {
  switch (work) {
    case Work::get_hit:
      return contestant.get_hit;
    case Work::set_evict:
      return contestant.set_evict;
    case Work::mix:
      return contestant.mix;
    case Work::aside:
      return contestant.aside;
    default:
      return 0;
  }
}

std::vector<Contestant> contestants() {
  return {{"engine", millions_per_second<EngineSubject>},
          {"ICache", millions_per_second<CacheSubject>},
#ifdef CACHESITE_BENCH_ROCKSDB
          {"RocksDB LRU", millions_per_second<RocksdbLruSubject>, 1.8, 0.9, 1.3, 1.3},
          {"RocksDB HCC", millions_per_second<RocksdbHyperClockSubject>, 1.8, 0, 1.3, 1.3},
#endif
          {"flat + LRU", millions_per_second<FlatSubject>, 1.8, 1.0, 1.3, 1.3},
          {"map + list", millions_per_second<HandMadeSubject>, 12, 0, 6, 0}};
}

Sequences sequences_for(const Setting& setting, Work work, unsigned threads) {
  Sequences result;
  for (unsigned thread = 0; thread < threads; ++thread) {
    result.of_thread.push_back(
        numbers_for(work, setting.operations, setting.capacity, setting.key_count, 100 + thread));
  }
  return result;
}

int run(Arguments& options) {
  const Setting setting;
  const unsigned rounds =
      options.count("rounds") != 0 ? static_cast<unsigned>(std::stoul(options["rounds"])) : 5;
  std::vector<unsigned> thread_counts{1, 2, 4, 8};
  if (options.count("threads") != 0) thread_counts = {static_cast<unsigned>(std::stoul(options["threads"]))};
  const Keys keys(setting.key_count);
  const auto all = contestants();

  Report report(
      "Million operations per second (24-byte keys, 64-byte values, 100 000 entries), median of the rounds");
  std::vector<std::string> columns;
  for (const Contestant& contestant : all)
    columns.push_back(contestant.name);
  report.set_columns(columns);
  for (const unsigned threads : thread_counts) {
    for (const auto& [work, name] : works) {
      if (options.count("work") != 0 && options["work"] != name) continue;
      std::fprintf(stderr, "%u threads: %s\n", threads, name);
      const Sequences sequences = sequences_for(setting, work, threads);
      std::vector<std::vector<double>> figures(all.size());
      std::vector<std::vector<double>> ratios(all.size());
      for (unsigned round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < all.size(); ++i) {
          figures[i].push_back(all[i].measure(setting, keys, work, sequences));
          ratios[i].push_back(figures[0].back() / figures[i].back());
        }
      }
      std::vector<double> medians;
      for (auto& column : figures)
        medians.push_back(median(column));
      report.add_row(std::to_string(threads) + " " + name, medians);
      for (std::size_t i = 0; i < all.size(); ++i) {
        const double target = target_of(all[i], work);
        if (threads != 2 || target == 0) continue;
        report.at_least(std::string("2 threads, ") + name + ", times " + all[i].name, target,
                        median(ratios[i]), Report::Kind::timed);
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
