// Replays traces key by key: a read, and on a miss a write.

#include "memory/engine/engine.hpp"
#include "policies/policy.hpp"
#include "report.hpp"
#include "trace.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>

namespace {

using namespace cachesite;
using namespace cachesite::bench;

double replay(const Trace& trace, IPolicy& policy) {
  std::uint64_t hits = 0;
  for (const std::uint32_t key : trace.requests)
    hits += policy.access(key) ? 1U : 0U;
  return static_cast<double>(hits) / static_cast<double>(trace.requests.size());
}

class EnginePolicy final : public IPolicy {
 public:
  EnginePolicy(std::uint32_t capacity, EvictionPolicy policy) : engine_(options(capacity, policy)) {}
  bool access(std::uint32_t key) override {
    char bytes[8] = "key_";
    std::memcpy(bytes + 4, &key, 4);
    const std::string_view text(bytes, sizeof bytes);
    if (engine_.read(text, value_) == Found::hit) return true;
    engine_.write(text, ByteView("12345678"), 3'600'000);
    return false;
  }

 private:
  static memory::EngineOptions options(std::uint32_t capacity, EvictionPolicy policy) {
    memory::EngineOptions result;
    result.policy = policy;
    result.max_size = capacity;
    result.seed = memory::HashSeed{0x1234567890ABCDEF, 0xFEDCBA0987654321};
    return result;
  }

  memory::Engine engine_;
  Value value_;
};

struct Contestant {
  std::string name;
  std::function<std::unique_ptr<IPolicy>(const Trace&, std::uint32_t capacity)> make;
};

std::vector<Contestant> contestants(bool only_ours) {
  std::vector<Contestant> result{
      {"cachesite", [](const Trace&, std::uint32_t capacity) -> std::unique_ptr<IPolicy> {
         return std::make_unique<EnginePolicy>(capacity, EvictionPolicy::tinylfu);
       }}};
  const auto add = [&result](const std::string& name, auto make) {
    result.push_back(
        {name, [make](const Trace& trace, std::uint32_t capacity) { return make(trace.keys, capacity); }});
  };
  add("LRU", make_lru);
  if (only_ours) return result;
  add("FIFO", make_fifo);
  add("S3-FIFO", make_s3fifo);
  add("ARC", make_arc);
  add("W-TinyLFU", make_wtinylfu);
  result.push_back({"optimum", [](const Trace& trace, std::uint32_t capacity) {
                      return make_optimum(trace.keys, capacity, trace.requests);
                    }});
  return result;
}

int run(Arguments& options) {
  if (options["traces"].empty()) {
    std::printf(
        "skipped: it needs traces\nusage: bench_memory_hit_ratio --traces DIR [--only TEXT] "
        "[--most-requests N] [--ours] [--output PREFIX]\n");
    return 0;
  }
  const bool only_ours = !options["ours"].empty();
  const auto all = contestants(only_ours);
  const std::uint64_t most = options["most-requests"].empty() ? ~0ULL : std::stoull(options["most-requests"]);
  Report report("Hit ratio by trace and size (percent of the unique keys)");
  std::vector<std::string> columns;
  for (const auto& contestant : all)
    columns.push_back(contestant.name);
  report.set_columns(columns);

  std::vector<double> sums(all.size(), 0);
  double shortfall = 0;
  unsigned rows = 0;
  const auto paths = find_traces(options["traces"]);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].string().find(options["only"]) == std::string::npos) continue;
    const Trace trace = read_trace(paths[i]);
    if (trace.requests.size() > most) continue;
    std::fprintf(stderr, "[%zu/%zu] %s: %zu requests, %u keys\n", i + 1, paths.size(), trace.name.c_str(),
                 trace.requests.size(), trace.keys);
    for (const unsigned percent : {1U, 5U, 10U, 20U}) {
      const auto capacity =
          std::max<std::uint32_t>(10, static_cast<std::uint32_t>(std::uint64_t{trace.keys} * percent / 100));
      std::vector<double> figures;
      for (const auto& contestant : all) {
        const auto policy = contestant.make(trace, capacity);
        figures.push_back(replay(trace, *policy));
        sums[figures.size() - 1] += figures.back();
      }
      double best = figures[1];
      for (std::size_t rival = 3; rival + 1 < figures.size(); ++rival)
        best = std::max(best, figures[rival]);
      shortfall += std::max(0.0, best - figures[0]);
      ++rows;
      report.add_row(trace.name + " " + std::to_string(percent) + "%", figures);
    }
  }
  if (rows == 0) {
    std::fprintf(stderr, "no trace found\n");
    return 2;
  }
  for (double& sum : sums)
    sum /= rows;
  report.add_row("mean", sums);
  report.at_least("mean hit ratio above LRU, points", 4.5, 100 * (sums[0] - sums[1]),
                  Report::Kind::repeatable);
  if (!only_ours) {
    report.at_most("mean shortfall to the best of LRU, ARC, S3-FIFO, W-TinyLFU, points", 1.5,
                   100 * shortfall / rows, Report::Kind::repeatable);
  }
  report.publish(options["output"], 4);
  return report.exit_status();
}

}  // namespace

int main(int count, char** arguments) {
  return cachesite::bench::run_benchmark(count, arguments, run);
}
