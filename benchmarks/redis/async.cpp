// Asynchronous GETs of 37 bytes by many callers on one thread, against the asynchronous API of hiredis with an
// epoll adapter in the same run.
//
//   bench_async                              everything; exits with 1 when there are more instructions than the
//                                            target, or a call allocates
//   bench_async run CLIENT CALLERS COUNT PORT   one client, for an instruction counter
//   bench_async hold COUNT PORT                 the memory of calls to a server that does not answer
//
// Clients: hiredis; bare, what lies under RedisCache: a command in, a reply out; cache, a RedisCache; layers, the
// same below a prefix and metrics. Instructions come from callgrind: the difference of two run lengths, so that
// start-up does not count.

#include "async_clients.hpp"
#include "counted_allocations.hpp"
#include "free_server.hpp"
#include "private_redis.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <malloc.h>

namespace {

using namespace std::chrono_literals;
using bench::Client;
using bench::make_client;

void store_value(std::uint16_t port) {
  redisContext* const context = ::redisConnect("127.0.0.1", port);
  ::freeReplyObject(
      ::redisCommand(context, "SET %s %b", bench::stored_key, bench::stored.data(), bench::stored.size()));
  ::redisFree(context);
}

int run(const std::string& name, std::size_t callers, std::size_t count, std::uint16_t port) {
  const auto client = make_client(name, port);
  client->run(callers, 10 * callers + 100);
  const auto before = allocations.load();
  client->run(callers, count);
  std::printf("allocations %.4f\n",
              static_cast<double>(allocations.load() - before) / static_cast<double>(count));
  return 0;
}

/// A caller that waits for its answer, and the memory of such callers.
struct HeldCaller {
  struct promise_type {
    static inline std::size_t bytes = 0;
    static void* operator new(std::size_t size) {
      bytes += size;
      return ::operator new(size);
    }
    static void operator delete(void* frame, std::size_t size) { ::operator delete(frame, size); }
    HeldCaller get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};
HeldCaller hold_call(cachesite::ICache& cache) {
  (void)co_await cache.async_get("key");
}

/// What so many calls in flight take, beyond the frames of their callers.
int hold_calls(std::size_t count, std::uint16_t port) {
  cachesite::EventLoopOptions loop_options;
  loop_options.threads = 0;
  const auto loop = std::make_shared<cachesite::EventLoop>(loop_options);
  cachesite::RedisCacheOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  options.socket_timeout = 60s;
  options.event_loop = std::shared_ptr<cachesite::IEventLoop>(loop);
  const auto cache = std::make_shared<cachesite::RedisCache>(options);
  cache->start();
  cache->await_started();
  const auto before = ::mallinfo2();
  for (std::size_t number = 0; number < count; ++number)
    hold_call(*cache);
  for (int turn = 0; turn < 10; ++turn)
    loop->run_ready();
  const auto after = ::mallinfo2();
  const auto bytes = (after.uordblks + after.hblkhd) - (before.uordblks + before.hblkhd);
  std::printf("bytes %.0f\n", static_cast<double>(bytes - HeldCaller::promise_type::bytes));
  std::fflush(stdout);
  std::_Exit(0);
}

struct Cost {
  double instructions = 0;
  double allocations = 0;
  double bytes = 0;
};

Cost cost_of(const std::string& command) {
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  Cost cost;
  char line[512];
  while (std::fgets(line, sizeof line, pipe) != nullptr) {
    if (const char* const at = std::strstr(line, "Collected : ")) cost.instructions = std::atof(at + 12);
    if (std::strncmp(line, "allocations ", 12) == 0) cost.allocations = std::atof(line + 12);
    if (std::strncmp(line, "bytes ", 6) == 0) cost.bytes = std::atof(line + 6);
  }
  ::pclose(pipe);
  return cost;
}

Cost measure_once(const std::string& program, const std::string& arguments) {
  return cost_of("valgrind --tool=callgrind --callgrind-out-file=/dev/null " + program + " run " + arguments);
}

Cost measure(const std::string& program, const std::string& client, std::size_t callers, std::uint16_t port) {
  const std::size_t base = 2000;
  const std::size_t more = 20'000;
  const auto arguments = [&](std::size_t count) {
    return client + " " + std::to_string(callers) + " " + std::to_string(count) + " " + std::to_string(port);
  };
  const auto short_run = measure_once(program, arguments(base));
  const auto long_run = measure_once(program, arguments(base + more));
  return {(long_run.instructions - short_run.instructions) / static_cast<double>(more), long_run.allocations};
}

struct Pace {
  double seconds = 0;
  double processor_seconds = 0;
};

Pace pace_of(Client& client, std::size_t callers, std::size_t count) {
  const auto processor_time = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  };
  const auto begin = std::chrono::steady_clock::now();
  const double before = processor_time();
  client.run(callers, count);
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
          processor_time() - before};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Throughput and processor time as ratios to hiredis, medians of pairs.
std::pair<double, double> compare(Client& own, Client& other, std::size_t callers, std::size_t count) {
  constexpr int pairs = 11;
  std::vector<double> speeds;
  std::vector<double> costs;
  for (int round = 0; round < pairs; ++round) {
    Pace mine, theirs;
    if (round % 2 == 0) {
      mine = pace_of(own, callers, count);
      theirs = pace_of(other, callers, count);
    } else {
      theirs = pace_of(other, callers, count);
      mine = pace_of(own, callers, count);
    }
    speeds.push_back(theirs.seconds / mine.seconds);
    costs.push_back(mine.processor_seconds / theirs.processor_seconds);
  }
  return {median(speeds), median(costs)};
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments, arguments + count);
  if (words.size() == 6 && words[1] == "run")
    return run(words[2], std::stoul(words[3]), std::stoul(words[4]),
               static_cast<std::uint16_t>(std::stoul(words[5])));
  if (words.size() == 4 && words[1] == "hold")
    return hold_calls(std::stoul(words[2]), static_cast<std::uint16_t>(std::stoul(words[3])));
  const bench::PrivateRedis server;
  const bench::FreeServer free(bench::stored, bench::FreeServer::Answers::all);
  store_value(server.port());
  bool met = true;
  struct Target {
    const char* client;
    double ratio;
  };
  constexpr Target targets[] = {{"bare", 0.30}, {"cache", 0.40}, {"layers", 0.40}};
  std::printf("%-8s %-8s %13s %7s %7s %8s %10s %10s %10s\n", "client", "callers", "instructions", "ratio",
              "target", "mallocs", "speed", "processor", "free");
  for (const std::size_t callers : {std::size_t{32}, std::size_t{1}}) {
    const auto raw = measure(words[0], "hiredis", callers, server.port());
    std::printf("%-8s %-8zu %13.0f\n", "hiredis", callers, raw.instructions);
    const std::size_t calls = callers == 1 ? 5000 : 60'000;
    for (const auto& [name, target] : targets) {
      const auto cost = measure(words[0], name, callers, server.port());
      const auto speed_at = [&, client = name](std::uint16_t port) {
        const auto own = make_client(client, port);
        const auto other = make_client("hiredis", port);
        return compare(*own, *other, callers, calls);
      };
      const auto [speed, processor] = speed_at(server.port());
      const double ratio = cost.instructions / raw.instructions;
      const bool good = callers == 1 || (ratio <= target && cost.allocations < 0.01);
      met = met && good;
      std::printf("%-8s %-8zu %13.0f %6.3fx %6.2fx %8.3f %9.2fx %9.2fx %9.2fx%s\n", name, callers,
                  cost.instructions, ratio, target, cost.allocations, speed, processor,
                  speed_at(free.port()).first, good ? "" : "  MISSED");
    }
  }
  std::printf(
      "instructions: of the client per call; ratio, speed, processor, free: to hiredis; the last three are "
      "medians of 11 pairs,\nnot targets here: calls per second, processor time per call, and calls per "
      "second to "
      "a server that costs nothing\n");
  const bench::FreeServer silent(bench::stored, bench::FreeServer::Answers::none);
  constexpr double most = 12;
  const double held =
      cost_of(words[0] + " hold 10000 " + std::to_string(silent.port())).bytes / (1024 * 1024);
  std::printf("10,000 calls in flight: %.1f MiB beyond the frames of their callers (at most %.0f)\n", held,
              most);
  met = met && held > 0 && held <= most;
  return met ? 0 : 1;
}
