// Instructions of one operation: the difference of two runs of different length under valgrind
// --tool=callgrind.

#include "report.hpp"
#include "subjects.hpp"
#include "workload.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace {

using namespace cachesite::bench;

// What the loop of the benchmark itself costs, which is taken off every figure: the choice of the key, and
// nothing of a call.
class NoSubject {
 public:
  explicit NoSubject(std::size_t) {}
  class User {
   public:
    explicit User(NoSubject&) {}
    bool get(std::string_view key) {
      use(key);
      return true;
    }
    void set(std::string_view key, std::string_view value) {
      use(key);
      use(value);
    }

   private:
    // Whatever is computed for the text has to be computed.
    static void use(std::string_view text) { asm volatile("" : : "r"(text.data()), "r"(text.size())); }
  };
};

// Under valgrind, and on a busy machine, far more time passes between two operations than in earnest, and
// every few of them would ask for it. How keys fall depends on the seed.
class CountedEngine : public EngineSubject {
 public:
  explicit CountedEngine(std::size_t capacity) : EngineSubject(repeatable(capacity)) {}

 private:
  static cachesite::memory::EngineOptions repeatable(std::size_t capacity) {
    auto result = options(capacity);
    result.clock_cycles = std::uint64_t{1} << 62U;
    result.seed = cachesite::memory::HashSeed{0x1234567890ABCDEF, 0xFEDCBA0987654321};
    return result;
  }
};

struct Target {
  std::string subject;
  Work work;
  double most;
};

constexpr std::size_t capacity = 20'000;
constexpr std::size_t key_count = 60'000;
constexpr std::size_t short_run = 10'000;
constexpr std::size_t long_run = 40'000;

template <class Subject>
int run_inside(Work work, std::size_t length) {
  const Keys keys(key_count);
  const std::string value(value_size, 'v');
  Subject subject(capacity);
  fill(subject, keys, capacity, value);
  const auto numbers = numbers_for(work, long_run, capacity, key_count, 7);
  typename Subject::User user(subject);
  std::size_t hits = 0;
  for (std::size_t step = 0; step < length; ++step)
    hits += work_once(user, work, keys[numbers[step]], value, step);
  return hits > length ? 1 : 0;
}

std::uint64_t count(const std::string& program, const std::string& subject, std::size_t work,
                    std::size_t length) {
  const std::string command = "valgrind --tool=callgrind --callgrind-out-file=/dev/null '" + program +
                              "' --inside " + subject + " --work " + std::to_string(work) + " --length " +
                              std::to_string(length) + " 2>&1";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run valgrind");
  std::string output;
  char buffer[512];
  while (std::fgets(buffer, sizeof buffer, pipe) != nullptr)
    output += buffer;
  ::pclose(pipe);
  const std::size_t place = output.find("Collected : ");
  if (place == std::string::npos) throw std::runtime_error("valgrind counted nothing:\n" + output);
  return std::stoull(output.substr(place + 12));
}

int run(Arguments& options) {
  if (options.count("inside") != 0) {
    const Work work = works.at(std::stoul(options["work"])).first;
    const std::size_t length = std::stoul(options["length"]);
    if (options["inside"] == "engine") return run_inside<CountedEngine>(work, length);
    if (options["inside"] == "cache") return run_inside<CacheSubject>(work, length);
    if (options["inside"] == "graceful") return run_inside<GracefulSubject>(work, length);
    if (options["inside"] == "loop") return run_inside<NoSubject>(work, length);
    if (options["inside"] == "flat") return run_inside<FlatSubject>(work, length);
    return run_inside<HandMadeSubject>(work, length);
  }
  Report report("Instructions per operation (24-byte keys, 64-byte values)");

  std::vector<std::string> columns;
  for (const auto& [work, name] : works)
    columns.emplace_back(name);
  report.set_columns(columns);
  const std::string program = options[""];
  const std::vector<Target> targets{{"engine", Work::get_hit, 200},      {"engine", Work::get_miss, 130},
                                    {"engine", Work::set_existing, 400}, {"engine", Work::set_evict, 1150},
                                    {"engine", Work::aside, 650},        {"cache", Work::get_hit, 300},
                                    {"cache", Work::get_miss, 220},      {"cache", Work::set_existing, 520},
                                    {"cache", Work::set_evict, 1300},    {"graceful", Work::get_hit, 300}};
  std::vector<std::pair<std::string, std::string>> subjects{
      {"engine", "cachesite engine"}, {"cache", "cachesite ICache"}, {"graceful", "cachesite get_value"}};
  if (options.count("rivals") != 0) {
    subjects.emplace_back("flat", "sharded flat map + LRU");
    subjects.emplace_back("hand", "mutex + map + list");
  }
  // An ICache asks for the time and draws its seed: the least of a few counts is the one least disturbed.
  const auto per_operation = [&program](const std::string& subject, std::size_t work) {
    std::uint64_t shorter = ~std::uint64_t{0};
    std::uint64_t longer = ~std::uint64_t{0};
    const unsigned counts = subject == "cache" || subject == "graceful" ? 3 : 1;
    for (unsigned i = 0; i < counts; ++i) {
      shorter = std::min(shorter, count(program, subject, work, short_run));
      longer = std::min(longer, count(program, subject, work, long_run));
    }
    return static_cast<double>(longer - shorter) / (long_run - short_run);
  };
  for (std::size_t subject = 0; subject < subjects.size(); ++subject) {
    std::vector<double> figures;
    for (std::size_t work = 0; work < works.size(); ++work) {
      std::fprintf(stderr, "%s: %s\n", subjects[subject].second.c_str(), works[work].second);
      figures.push_back(per_operation(subjects[subject].first, work) - per_operation("loop", work));
      for (const Target& target : targets) {
        if (target.subject != subjects[subject].first || target.work != works[work].first) continue;
        report.at_most("instructions, " + subjects[subject].second + ", " + works[work].second, target.most,
                       figures.back(), Report::Kind::repeatable);
      }
    }
    report.add_row(subjects[subject].second, figures);
  }
  report.publish(options["output"], 0);
  return report.exit_status();
}

}  // namespace

int main(int count, char** arguments) {
  return cachesite::bench::run_benchmark(count, arguments, run);
}
