// Values that survive failures: 50 threads and 50 coroutines ask for few keys, whose source is good, slow, failing or
// hanging by turns, while Redis is killed twice. Prints what has to hold, and draws the run.
//
//     bench_surviving [SECONDS [FILE.svg]]

#include "detached.hpp"
#include "private_redis.hpp"
#include "surviving_record.hpp"

#include <cachesite/async_remember.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/redis_cache.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace bench;
using namespace cachesite;
using namespace std::chrono_literals;

constexpr int callers = 50;  // of each kind
constexpr std::size_t key_count = 20;
constexpr milliseconds life{150};
constexpr milliseconds keep{10'000};
constexpr milliseconds soft{20};
constexpr milliseconds hard{300};
constexpr milliseconds throttle{200};
constexpr milliseconds server_limit{100};  // of a read of Redis
constexpr milliseconds tolerance{10};
constexpr milliseconds turn{2'000};  // of the source

std::int64_t now_in_milliseconds() {
  return std::chrono::duration_cast<milliseconds>(Clock::now().time_since_epoch()).count();
}

/// A source that does as it is told, and notes who calls it when.
class Source {
 public:
  Result<std::string> make(std::size_t key, const std::stop_token& stop) {
    const auto begun = note_begin(key);
    const auto made = result_of(key, stop);
    note_end(key, begun, made.ok());
    return made;
  }
  std::atomic<Mood> mood{Mood::good};
  std::atomic<std::uint64_t> calls{0}, at_once{0}, unthrottled{0};

 private:
  struct State {
    std::mutex mutex;
    std::vector<Clock::time_point> running;
    Clock::time_point failed{};  // the last time; reset by a success
    bool has_value = false;
  };

  Clock::time_point note_begin(std::size_t key) {
    State& state = states_[key];
    const std::lock_guard lock(state.mutex);
    const auto now = Clock::now();
    ++calls;
    for (const auto begun : state.running)
      if (now - begun < hard - tolerance) ++at_once;
    if (state.has_value && now - state.failed < throttle * 8 / 10 - tolerance) ++unthrottled;
    state.running.push_back(now);
    return now;
  }
  void note_end(std::size_t key, Clock::time_point begun, bool good) {
    State& state = states_[key];
    const std::lock_guard lock(state.mutex);
    std::erase(state.running, begun);
    if (Clock::now() - begun >= hard - tolerance) return;  // it has been given up
    state.has_value = state.has_value || good;
    state.failed = good ? Clock::time_point() : Clock::now();
  }
  Result<std::string> result_of(std::size_t key, const std::stop_token& stop) const {
    switch (mood.load()) {
      case Mood::good:
        break;
      case Mood::slow:
        std::this_thread::sleep_for(100ms);
        break;
      case Mood::failing:
        return Error(ErrorCode::unreachable, "the source is away");
      case Mood::hanging:
        while (!stop.stop_requested() && mood == Mood::hanging)
          std::this_thread::sleep_for(5ms);
        return Error(ErrorCode::timeout, "the source has hung");
    }
    return std::to_string(key) + " " + std::to_string(now_in_milliseconds());
  }

  std::array<State, key_count> states_;
};

/// What all callers share.
struct Run {
  explicit Run(milliseconds whole) : timeline(whole) {}

  void note(std::size_t key, Clock::time_point begun, const Lookup& found) {
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun).count();
    raise(longest, took);
    auto& piece = timeline.now();
    if (!found.hit()) {
      ++piece.failed;
      return;
    }
    ++(found.stale() ? piece.stale : piece.fresh);
    const std::string text(found.value().text());
    if (text.rfind(std::to_string(key) + " ", 0) != 0) ++wrong;
    raise(oldest, now_in_milliseconds() - std::atoll(text.c_str() + text.find(' ')));
  }
  static void raise(std::atomic<std::int64_t>& most, std::int64_t value) {
    for (auto before = most.load(); before < value && !most.compare_exchange_weak(before, value);) {
    }
  }

  std::shared_ptr<Source> source = std::make_shared<Source>();
  Timeline timeline;
  IComputingCache* cache = nullptr;
  std::atomic<bool> over{false};
  std::atomic<int> running{0};  // coroutines
  std::atomic<std::int64_t> longest{0}, oldest{0};
  std::atomic<std::uint64_t> wrong{0};
};

auto factory_of(const std::shared_ptr<Source>& source, std::size_t key) {
  return [source, key](const ComputeContext& context) { return source->make(key, context.stop); };
}

void call_by_thread(Run& run, unsigned seed) {
  std::mt19937 random(seed);
  while (!run.over) {
    const std::size_t key = random() % key_count;
    const auto begun = Clock::now();
    run.note(key, begun,
             run.cache->remember("k" + std::to_string(key), life, background(factory_of(run.source, key))));
    std::this_thread::sleep_for(2ms);
  }
}

/// Rests on a thread of its own, so that it holds no loop.
struct Rest {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const {
    std::thread([waiting] {
      std::this_thread::sleep_for(20ms);
      waiting.resume();
    }).detach();
  }
  void await_resume() const noexcept {}
};

bench::Detached call_by_coroutine(Run& run, unsigned seed) {
  std::mt19937 random(seed);
  while (!run.over) {
    const std::size_t key = random() % key_count;
    const std::string name = "k" + std::to_string(key);
    const auto begun = Clock::now();
    auto call = run.cache->async_remember(name, life, factory_of(run.source, key));
    const Lookup found = co_await std::move(call);
    run.note(key, begun, found);
    Rest rest;
    co_await rest;
  }
  --run.running;
}

std::shared_ptr<LogicalCache> cache_over(const PrivateRedis& server) {
  RedisCacheOptions redis;
  redis.host = "127.0.0.1";
  redis.port = server.port();
  redis.socket_timeout = server_limit;
  redis.socket_connect_timeout = server_limit;
  CacheOptions options;
  options.store = std::make_shared<RedisCache>(redis);
  options.near.emplace().ttl = life;
  auto& remember = options.remember.emplace();
  remember.stale.keep = keep;
  remember.stale.throttle = throttle;
  remember.stale.longest_throttle = throttle;
  remember.error_ttl = throttle;  // a write that fails ends the stale value too
  remember.factory_soft = soft;
  remember.factory_hard = hard;
  remember.most_abandoned = 1'000;
  return make_cache(options);
}

/// Changes the moods, and kills the server in the second and the fourth fifth.
void conduct(Run& run, PrivateRedis& server, milliseconds whole) {
  const auto begin = Clock::now();
  bool away = false;
  for (auto passed = 0ms; passed < whole;
       passed = std::chrono::duration_cast<milliseconds>(Clock::now() - begin)) {
    const auto mood = static_cast<Mood>(passed / turn % 4);
    run.source->mood = mood;
    const auto fifth = passed * 5 / whole;
    const bool wanted = (fifth == 1 || fifth == 3) && passed % (whole / 5) < 3'000ms;
    if (wanted != away) wanted ? server.kill() : server.start();
    away = wanted;
    run.timeline.now().mood = static_cast<int>(mood);
    run.timeline.now().server_is_away = away;
    std::this_thread::sleep_for(20ms);
  }
  run.source->mood = Mood::good;
}

bool check(const char* what, bool holds, std::int64_t figure, const char* unit) {
  std::printf("%-4s %-70s %lld %s\n", holds ? "ok" : "NO", what, static_cast<long long>(figure), unit);
  return holds;
}

bool report(const Run& run) {
  const auto most_waited = (hard + server_limit + tolerance).count();
  bool good = check("no caller waits beyond the hard limit and one of Redis, and 10 ms more",
                    run.longest / 1000 <= most_waited, run.longest / 1000, "ms at most");
  good &= check("no value is older than its TTL and its stale limit",
                run.oldest <= (life + keep + tolerance).count(), run.oldest, "ms at most");
  good &= check("each caller gets the value of its key", run.wrong == 0, static_cast<std::int64_t>(run.wrong),
                "wrong");
  good &= check("no key is computed twice at a time", run.source->at_once == 0,
                static_cast<std::int64_t>(run.source->at_once), "at once");
  return check("one factory at most for each key and window of the throttle", run.source->unthrottled == 0,
               static_cast<std::int64_t>(run.source->unthrottled), "too early") &&
         good;
}

}  // namespace

int main(int argc, char** argv) {
  const milliseconds whole = std::chrono::seconds(argc > 1 ? std::atoi(argv[1]) : 60);
  PrivateRedis server;
  const auto cache = cache_over(server);
  Run run(whole);
  run.cache = find_interface<IComputingCache>(*cache);
  std::vector<std::thread> threads;
  run.running = callers;
  for (unsigned caller = 0; caller < callers; ++caller) {
    threads.emplace_back(call_by_thread, std::ref(run), caller);
    call_by_coroutine(run, 1'000 + caller);
  }
  conduct(run, server, whole);
  run.over = true;
  for (auto& thread : threads)
    thread.join();
  while (run.running > 0)
    std::this_thread::sleep_for(5ms);

  const auto counted = find_interface<IComputingStatistics>(*cache)->computing_statistics();
  std::printf(
      "%llu factories, %llu failed, %llu soft and %llu hard limits, %llu stale, %llu throttled, %llu "
      "joined\n",
      static_cast<unsigned long long>(counted.factories), static_cast<unsigned long long>(counted.failures),
      static_cast<unsigned long long>(counted.soft_timeouts),
      static_cast<unsigned long long>(counted.hard_timeouts),
      static_cast<unsigned long long>(counted.stale_served),
      static_cast<unsigned long long>(counted.throttled), static_cast<unsigned long long>(counted.joined));
  const bool good = report(run);
  if (argc > 2) run.timeline.write_svg(argv[2]);
  return good ? 0 : 1;
}
