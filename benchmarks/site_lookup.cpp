// What a lookup by interface and name costs.
//
//   site_lookup instructions [RUNS]   runs that many lookups and nothing else: under callgrind, the
//   difference
//                                     of two runs divided by the difference of their lengths is the number of
//                                     instructions of one lookup (benchmarks/site_lookup.sh does the sum)
//   site_lookup [SECONDS]             processor time of a lookup with 1, 2, 4, 8 and 16 threads

#include <cachesite/component_site.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

class ICounter : public cachesite::Interface<ICounter, "ICounter"> {};
class Counter final : public ICounter {};

void fill(cachesite::ComponentSite& site) {
  for (int index = 0; index < 20; ++index)
    site.register_component<ICounter>(std::make_shared<Counter>(), "counter-" + std::to_string(index));
  site.register_component<ICounter>(std::make_shared<Counter>(), "sessions");
}

long look_up(const cachesite::IComponentSite& site, long times) {
  long found = 0;
  for (long run = 0; run < times; ++run)
    found += site.get_component<ICounter>("sessions") != nullptr;
  return found;
}

// Nanoseconds of processor time for one lookup: other programs on the machine do not count.
double nanoseconds(const cachesite::IComponentSite& site, int threads, double seconds) {
  std::atomic<bool> done{false};
  std::atomic<long> total{0};
  std::vector<std::thread> workers;
  const std::clock_t begin = std::clock();
  for (int index = 0; index < threads; ++index)
    workers.emplace_back([&] {
      long found = 0;
      while (!done.load(std::memory_order_relaxed))
        found += look_up(site, 1000);
      total += found;
    });
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  done = true;
  for (auto& worker : workers)
    worker.join();
  const double used = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  return used * 1e9 / static_cast<double>(total.load());
}

}  // namespace

int main(int count, char** arguments) {
  cachesite::ComponentSite site;
  fill(site);
  if (count > 1 && std::string_view(arguments[1]) == "instructions") {
    const long runs = count > 2 ? std::atol(arguments[2]) : 1000;
    return look_up(site, runs) == runs ? 0 : 1;
  }
  const double seconds = count > 1 ? std::atof(arguments[1]) : 1.0;
  const unsigned processors = std::thread::hardware_concurrency();
  double alone = 0;
  std::printf("%u processors\nthreads  ns per lookup  of one thread's\n", processors);
  for (const int threads : {1, 2, 4, 8, 16}) {
    const double taken = nanoseconds(site, threads, seconds);
    if (threads == 1) alone = taken;
    std::printf("%7d %14.1f %14.2f\n", threads, taken, taken / alone);
  }
}
