#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace cachesite::bench {

// The processor, cores, memory, system, pages and compiler, in a line.
std::string this_machine();

// What a benchmark found: a table, the targets beside the figures, and the machine they are from.
class Report {
 public:
  enum class Kind {
    repeatable,  // a miss fails the run
    timed,       // moves with the machine: shown only
  };

  explicit Report(std::string title) : title_(std::move(title)) {}

  void set_columns(std::vector<std::string> columns) { columns_ = std::move(columns); }
  void add_row(std::string name, std::vector<double> figures) {
    rows_.emplace_back(std::move(name), std::move(figures));
  }
  void at_most(const std::string& name, double target, double figure, Kind kind) {
    targets_.push_back({name, "<=", target, figure, figure <= target, kind});
  }
  void at_least(const std::string& name, double target, double figure, Kind kind) {
    targets_.push_back({name, ">=", target, figure, figure >= target, kind});
  }

  // Prints table and targets, and writes `<prefix>.json` and `<prefix>.svg` unless the prefix is empty.
  void publish(const std::string& prefix, int decimals) const;
  // 1 when a repeatable target is missed, else 0.
  int exit_status() const;

 private:
  struct Target {
    std::string name;
    std::string relation;
    double target;
    double figure;
    bool met;
    Kind kind;
  };

  void print(int decimals) const;
  std::string json() const;
  std::string svg() const;

  std::string title_;
  std::vector<std::string> columns_;
  std::vector<std::pair<std::string, std::vector<double>>> rows_;
  std::vector<Target> targets_;
};

// The "--name value" pairs of a command line; a name without a value is "1". Under "" stands the program.
using Arguments = std::map<std::string, std::string>;

// What every benchmark's main does: reads the arguments, runs, and tells what failed. The exit status is that
// of `run`, or 2 for anything that is not an argument or that `run` throws.
int run_benchmark(int count, char** arguments, int (*run)(Arguments& options));

}  // namespace cachesite::bench
