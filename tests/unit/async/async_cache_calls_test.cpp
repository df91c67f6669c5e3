#include "parts.hpp"
#include "support/failing_allocations.hpp"
#include "support/wait_until.hpp"

#include <cachesite/hooked_cache.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/prefix_cache.hpp>

#include <array>
#include <chrono>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

using Cache = std::shared_ptr<ICache>;

// Whatever a call gives, as text.
std::string text(const Error& error) {
  return std::string(to_string(error.code()));
}
std::string text(bool value) {
  return value ? "yes" : "no";
}
std::string text(Found found) {
  return found == Found::hit ? "hit" : found == Found::null ? "null" : "miss";
}
std::string text(Done) {
  return "done";
}
std::string text(std::int64_t number) {
  return std::to_string(number);
}
std::string text(std::uint64_t number) {
  return std::to_string(number);
}
std::string text(const Remaining& remaining) {
  return remaining.state == Remaining::State::expires  ? "expires"
         : remaining.state == Remaining::State::absent ? "absent"
                                                       : "never";
}
template <class T>
std::string text(const Result<T>& result) {
  return result.ok() ? text(result.value()) : text(result.error());
}
std::string text(const Lookup& lookup) {
  if (lookup.failed()) return text(lookup.error());
  return lookup.hit() ? std::string(lookup.value().text()) : lookup.null() ? "null" : "miss";
}
std::string text(const std::optional<Value>& value) {
  return value ? std::string(value->text()) : "none";
}
template <class R>
std::string text_of_all(const R& results) {
  std::string all;
  for (const auto& result : results)
    all += text(result) + " ";
  return all;
}

enum class Way { start, future, wait, coroutine };

template <class R>
Detached await(AsyncCall<R>& call, std::promise<R> to) {
  R result = co_await std::move(call);
  to.set_value(std::move(result));
}

template <class R>
R consume(AsyncCall<R> call, Way way) {
  std::promise<R> promise;
  auto soon = promise.get_future();
  switch (way) {
    case Way::wait:
      return std::move(call).wait();
    case Way::future:
      return std::move(call).future().get();
    case Way::start:
      std::move(call).start([&](R result) { promise.set_value(std::move(result)); });
      return soon.get();
    case Way::coroutine:
      await(call, std::move(promise));
      return soon.get();
  }
  std::terminate();
}

struct Call {
  std::string_view name;
  std::string (*blocking)(ICache& cache);
  std::string (*asynchronous)(ICache& cache, Way way);
};

constexpr std::array<std::string_view, 3> keys{"hit", "", "miss"};
const std::array<CacheEntry, 3> entries{
    {{"first", "1", TimeToLive(1h)}, {"", "2", TimeToLive(1h)}, {"third", std::nullopt, TimeToLive(1h)}}};

const Call calls[] = {
    {"get_value", [](ICache& c) { return text(c.get_value("hit")); },
     [](ICache& c, Way way) { return text(consume(c.async_get_value("hit"), way)); }},
    {"set_value", [](ICache& c) { return text(c.set_value("set", "value", 1h)); },
     [](ICache& c, Way way) { return text(consume(c.async_set_value("set", "value", 1h), way)); }},
    {"get", [](ICache& c) { return text(c.get("hit")); },
     [](ICache& c, Way way) { return text(consume(c.async_get("hit"), way)); }},
    {"get of a null", [](ICache& c) { return text(c.get("null")); },
     [](ICache& c, Way way) { return text(consume(c.async_get("null"), way)); }},
    {"get of nothing", [](ICache& c) { return text(c.get("")); },
     [](ICache& c, Way way) { return text(consume(c.async_get(""), way)); }},
    {"read",
     [](ICache& c) {
       Value value;
       const auto found = c.read("hit", value);
       return text(found) + std::string(value.text());
     },
     [](ICache& c, Way way) {
       Value value;
       const auto found = consume(c.async_read("hit", value), way);
       return text(found) + std::string(value.text());
     }},
    {"write", [](ICache& c) { return text(c.write("written", "value", 1h)); },
     [](ICache& c, Way way) { return text(consume(c.async_write("written", "value", 1h), way)); }},
    {"write without a TTL", [](ICache& c) { return text(c.write("written", "value")); },
     [](ICache& c, Way way) { return text(consume(c.async_write("written", "value"), way)); }},
    {"add", [](ICache& c) { return text(c.add("hit", "value", 1h)); },
     [](ICache& c, Way way) { return text(consume(c.async_add("hit", "value", 1h), way)); }},
    {"replace", [](ICache& c) { return text(c.replace("hit", "value", 1h)); },
     [](ICache& c, Way way) { return text(consume(c.async_replace("hit", "value", 1h), way)); }},
    {"increment", [](ICache& c) { return text(c.increment("counter", 2, 1h)); },
     [](ICache& c, Way way) { return text(consume(c.async_increment("counter", 2, 1h), way)); }},
    {"remove", [](ICache& c) { return text(c.remove("hit")); },
     [](ICache& c, Way way) { return text(consume(c.async_remove("hit"), way)); }},
    {"contains", [](ICache& c) { return text(c.contains("hit")); },
     [](ICache& c, Way way) { return text(consume(c.async_contains("hit"), way)); }},
    {"time_to_live", [](ICache& c) { return text(c.time_to_live("hit")); },
     [](ICache& c, Way way) { return text(consume(c.async_time_to_live("hit"), way)); }},
    {"expire", [](ICache& c) { return text(c.expire("hit", 1h)); },
     [](ICache& c, Way way) { return text(consume(c.async_expire("hit", 1h), way)); }},
    {"persist", [](ICache& c) { return text(c.persist("hit")); },
     [](ICache& c, Way way) { return text(consume(c.async_persist("hit"), way)); }},
    {"get_many",
     [](ICache& c) {
       std::vector<Lookup> results(keys.size());
       c.get_many(keys, results);
       return text_of_all(results);
     },
     [](ICache& c, Way way) {
       std::vector<Lookup> results(keys.size());
       BOOST_TEST(consume(c.async_get_many(keys, results), way).ok());
       return text_of_all(results);
     }},
    {"set_many",
     [](ICache& c) {
       std::vector<Status> results(entries.size(), Status(Done{}));
       c.set_many(entries, results);
       return text_of_all(results);
     },
     [](ICache& c, Way way) {
       std::vector<Status> results(entries.size(), Status(Done{}));
       BOOST_TEST(consume(c.async_set_many(entries, results), way).ok());
       return text_of_all(results);
     }},
    {"remove_many",
     [](ICache& c) {
       std::vector<Result<bool>> results(keys.size(), Result<bool>(false));
       c.remove_many(keys, results);
       return text_of_all(results);
     },
     [](ICache& c, Way way) {
       std::vector<Result<bool>> results(keys.size(), Result<bool>(false));
       BOOST_TEST(consume(c.async_remove_many(keys, results), way).ok());
       return text_of_all(results);
     }},
    {"time_to_live_many",
     [](ICache& c) {
       std::vector<Result<Remaining>> results(keys.size(), Result<Remaining>(Remaining{}));
       c.time_to_live_many(keys, results);
       return text_of_all(results);
     },
     [](ICache& c, Way way) {
       std::vector<Result<Remaining>> results(keys.size(), Result<Remaining>(Remaining{}));
       BOOST_TEST(consume(c.async_time_to_live_many(keys, results), way).ok());
       return text_of_all(results);
     }},
    {"scan",
     [](ICache& c) {
       ScanPosition position;
       std::vector<std::string> found{"before"};
       std::string status;
       while (!position.finished)
         status = text(c.scan("h?t", position, found));
       return status + found.front() + found.back() + text(found.size());
     },
     [](ICache& c, Way way) {
       ScanPosition position;
       std::vector<std::string> found{"before"};
       std::string status;
       while (!position.finished)
         status = text(consume(c.async_scan("h?t", position, found), way));
       return status + found.front() + found.back() + text(found.size());
     }},
    {"remove_matching", [](ICache& c) { return text(c.remove_matching("h*")); },
     [](ICache& c, Way way) { return text(consume(c.async_remove_matching("h*"), way)); }},
    {"clear", [](ICache& c) { return text(c.clear()); },
     [](ICache& c, Way way) { return text(consume(c.async_clear(), way)); }},
    {"size", [](ICache& c) { return text(c.size()); },
     [](ICache& c, Way way) { return text(consume(c.async_size(), way)); }},
};

Cache filled(Cache cache) {
  BOOST_TEST(cache->set_value("hit", "value", 1h));
  BOOST_TEST(cache->set_value("null", std::nullopt, 1h));
  return cache;
}

Cache prefixed_and_counted(const Cache& below) {
  MetricsCache::Options options;
  options.over = below;
  options.sample_every = 1;
  return prefixed(std::make_shared<MetricsCache>(options), "shop:");
}

using Make = Cache (*)();
const std::vector<std::pair<std::string_view, Make>> grounds{
    {"memory", [] { return filled(std::make_shared<MemoryCache>()); }},
    {"workers", [] { return filled(std::make_shared<GatedCache>()); }},
    {"layers over memory", [] { return filled(prefixed_and_counted(std::make_shared<MemoryCache>())); }},
    {"layers over workers", [] { return filled(prefixed_and_counted(std::make_shared<GatedCache>())); }},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(async_cache_calls)

BOOST_AUTO_TEST_CASE(each_call_gives_the_same_in_every_way_that_it_may_be_made) {
  for (const auto& [ground, make] : grounds)
    for (const auto& call : calls) {
      const auto blocking = make();
      const auto expected = call.blocking(*blocking);
      for (const Way way : {Way::start, Way::future, Way::wait, Way::coroutine}) {
        const auto cache = make();
        const auto got = call.asynchronous(*cache, way);
        BOOST_TEST(got == expected, ground << ": " << call.name << " in way " << int(way) << ": " << got);
        const auto refusals = cache->statistics().refusals;
        BOOST_TEST(refusals == blocking->statistics().refusals, ground << ": " << call.name << refusals);
      }
    }
}

BOOST_AUTO_TEST_CASE(a_hit_in_memory_neither_suspends_a_coroutine_nor_allocates) {
  for (const Cache& cache :
       {Cache(std::make_shared<MemoryCache>()), prefixed_and_counted(std::make_shared<MemoryCache>())}) {
    filled(cache);
    bool ended = false;
    long allocations = 0;
    const auto routine = [](ICache& of, bool& to) -> Routine {
      const auto found = co_await of.async_get("hit");
      to = found.hit();
    };
    {
      const FailingAllocations counter(FailingAllocations::On::this_thread, FailingAllocations::all, 0);
      const auto before = counter.seen();
      const auto run = routine(*cache, ended);
      allocations = counter.seen() - before;
    }
    BOOST_TEST(ended);
    BOOST_TEST(allocations == 1);  // the frame of the coroutine
  }
}

BOOST_AUTO_TEST_CASE(a_call_that_nobody_consumes_is_not_made_and_one_consumed_twice_fails) {
  const auto cache = std::make_shared<GatedCache>();
  { const auto unconsumed = cache->async_set_value("key", "value", 1h); }
  BOOST_TEST(cache->begun() == 0);
  auto call = cache->async_get("key");
  BOOST_TEST(std::move(call).wait().miss());
  const auto again = std::move(call).wait();
  BOOST_REQUIRE(again.failed());
  BOOST_TEST((again.error().code() == ErrorCode::bad_argument));
  BOOST_TEST(cache->begun() == 1);
}

BOOST_AUTO_TEST_CASE(a_hit_in_memory_that_is_awaited_twice_fails_the_second_time_and_a_stop_ends_it) {
  const auto cache = filled(std::make_shared<MemoryCache>());
  std::string got;
  auto call = cache->async_get("hit");
  const auto twice = [](AsyncCall<Lookup>& of, std::string& to) -> Routine {
    const auto first = co_await std::move(of);
    to = text(first);
    const auto second = co_await std::move(of);
    to += " " + text(second);
  }(call, got);
  BOOST_TEST(got == "value bad_argument");
  BOOST_TEST(text(std::move(call).wait()) == "bad_argument");
  std::stop_source stop;
  const auto stopped = [](ICache& of, CallOptions options, std::string& to) -> Routine {
    const auto first = co_await of.async_get("hit", options);
    to = text(first);
  };
  const auto before = stopped(*cache, {.stop = stop.get_token()}, got);
  BOOST_TEST(got == "value");
  stop.request_stop();
  const auto after = stopped(*cache, {.stop = stop.get_token()}, got);
  BOOST_TEST(got == "closed");
}

BOOST_AUTO_TEST_CASE(a_call_that_the_rules_refuse_ends_at_once_is_counted_and_reaches_no_server) {
  const auto cache = std::make_shared<GatedCache>();
  cache->close();
  const std::string too_long(ICache::longest_key + 1, 'k');
  BOOST_TEST(text(cache->async_get("").wait()) == "bad_argument");
  BOOST_TEST(text(cache->async_read(too_long, *std::make_unique<Value>()).wait()) == "too_large");
  BOOST_TEST(text(cache->async_write("key", "value", 0ms).wait()) == "bad_argument");
  BOOST_TEST(text(cache->async_write("key", "value").wait()) == "bad_argument");
  BOOST_TEST(!cache->async_set_value("", "value", 1h).wait());
  BOOST_TEST(text(cache->async_remove("").wait()) == "bad_argument");
  const std::array<std::string_view, 2> wrong{"", too_long};
  std::vector<Lookup> results(2);
  BOOST_TEST(cache->async_get_many(wrong, results).wait().ok());
  BOOST_TEST(text_of_all(results) == "bad_argument too_large ");
  BOOST_TEST(cache->statistics().refusals == 8U);
  BOOST_TEST(cache->begun() == 0);
}

BOOST_AUTO_TEST_CASE(waiting_makes_progress_on_a_loop_s_thread_within_a_callback_and_on_two_threads) {
  const auto cache = std::make_shared<GatedCache>();
  filled(cache);
  BOOST_TEST(cache->async_get("hit").wait().hit());
  std::promise<bool> inner;
  cache->async_get("hit").start(
      [&](const Lookup&) { inner.set_value(cache->async_get("hit").wait().hit()); });
  BOOST_TEST(inner.get_future().get());
  std::atomic<int> hits{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 2; ++thread)
    threads.emplace_back([&] {
      for (int call = 0; call < 200; ++call)
        if (cache->async_get("hit").wait().hit()) ++hits;
    });
  for (auto& thread : threads)
    thread.join();
  BOOST_TEST(hits == 400);
}

BOOST_AUTO_TEST_CASE(callers_go_on_where_their_executor_runs_them) {
  const auto cache = std::make_shared<GatedCache>();
  filled(cache);
  EventLoop pool({.threads = 4});
  std::mutex mutex;
  std::set<std::thread::id> pool_threads;
  std::atomic<int> entered{0};
  std::vector<std::unique_ptr<WorkOf>> meeting;
  for (int thread = 0; thread < 4; ++thread)
    meeting.push_back(std::make_unique<WorkOf>([&] {
      {
        const std::lock_guard lock(mutex);
        pool_threads.insert(std::this_thread::get_id());
      }
      ++entered;
      while (entered < 4)
        std::this_thread::yield();
    }));
  pool.start();
  for (auto& work : meeting)
    pool.execute(*work);
  BOOST_TEST(wait_until([&] { return entered == 4; }));
  std::atomic<int> elsewhere{0};
  std::atomic<int> ended{0};
  const auto look = [&] {
    {
      const std::lock_guard lock(mutex);
      if (!pool_threads.contains(std::this_thread::get_id())) ++elsewhere;
    }
    ++ended;
  };
  const auto routine = [](ICache& of, IExecutor& where, const auto& then) -> Detached {
    const auto found = co_await of.async_get("hit", {.executor = &where});
    if (found.hit()) then();
  };
  cache->close();  // so that no result is at hand
  for (int call = 0; call < 50; ++call) {
    routine(*cache, pool, look);
    cache->async_get("hit", {.executor = &pool}).start([&](const Lookup&) { look(); });
  }
  cache->open();
  BOOST_TEST(wait_until([&] { return ended == 100; }));
  BOOST_TEST(elsewhere == 0);
  pool.stop();
}

BOOST_AUTO_TEST_CASE(key_value_and_options_may_go_as_soon_as_a_call_has_been_started) {
  const auto cache = std::make_shared<GatedCache>();
  const auto layered = prefixed_and_counted(cache);
  cache->close();
  std::future<Status> written;
  std::vector<Status> results(2, Status(Error(ErrorCode::refused)));
  std::future<Status> batch;
  const std::string text(100'000, 'v');
  {
    auto key = std::make_unique<std::string>("a key that is longer than a short string may be");
    auto value = std::make_unique<std::string>(text);
    auto options = std::make_unique<CallOptions>();
    written = layered->async_write(*key, *value, 1h, *options).future();
    auto first = std::make_unique<std::string>("the first of two keys of a batch");
    auto second = std::make_unique<std::string>("the second of two keys of a batch");
    auto list = std::make_unique<std::vector<CacheEntry>>();
    list->push_back({*first, *value, TimeToLive(1h)});
    list->push_back({*second, std::nullopt, TimeToLive(1h)});
    batch = layered->async_set_many(*list, results, *options).future();
    *key = std::string(40, '#');
    *value = std::string(100'000, '#');
    *first = std::string(40, '#');
  }
  BOOST_TEST(!results[0].ok());
  cache->open();
  BOOST_TEST(written.get().ok());
  BOOST_TEST(batch.get().ok());
  BOOST_TEST((results[0].ok() && results[1].ok()));
  const auto& below = *cache->below();
  BOOST_TEST(
      const_cast<ICache&>(below).get("shop:a key that is longer than a short string may be").value().text() ==
      text);
  BOOST_TEST(const_cast<ICache&>(below).get("shop:the first of two keys of a batch").value().text() == text);
}

BOOST_AUTO_TEST_CASE(a_batch_and_a_read_write_into_what_is_their_caller_s_only_at_the_end) {
  const auto cache = std::make_shared<GatedCache>();
  filled(cache);
  cache->close();
  std::vector<Lookup> results(2, Lookup(Error(ErrorCode::refused)));
  Value value(ByteView("before"));
  std::vector<std::string> found{"before"};
  ScanPosition position;
  const std::array<std::string_view, 2> two{"hit", "miss"};
  {
    const auto get = [](ICache& of, auto all, std::span<Lookup> to) -> Routine {
      const auto status = co_await of.async_get_many(all, to);
      (void)status;
    }(*cache, std::span<const std::string_view>(two), results);
    const auto read = [](ICache& of, Value& to) -> Routine {
      const auto status = co_await of.async_read("hit", to);
      (void)status;
    }(*cache, value);
    const auto scan = [](ICache& of, ScanPosition& at, std::vector<std::string>& to) -> Routine {
      const auto status = co_await of.async_scan("*", at, to);
      (void)status;
    }(*cache, position, found);
    BOOST_TEST(wait_until([&] { return cache->waiting() == 3; }));
  }
  cache->open();
  BOOST_TEST(wait_until([&] { return cache->waiting() == 0; }));
  BOOST_TEST(cache->async_get("hit").wait().hit());
  BOOST_TEST(text_of_all(results) == "refused refused ");
  BOOST_TEST(value.text() == "before");
  BOOST_TEST(found.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_stopped_cache_ends_calls_with_closed) {
  const auto cache = std::make_shared<GatedCache>();
  const auto layered = prefixed_and_counted(cache);
  cache->close();
  std::vector<std::future<Lookup>> waiting;
  for (int call = 0; call < 1000; ++call)
    waiting.push_back(layered->async_get("key").future());
  layered->stop();
  cache->stop();
  BOOST_TEST(text(layered->async_get("key").wait()) == "closed");
  cache->open();
  for (auto& call : waiting)
    BOOST_TEST(text(call.get()) == "closed");
}

namespace {

// Notes its events, and whether before and after come on one thread.
class NotingHook final : public ICacheHook {
 public:
  void before(const CacheCall& call) override {
    note("before " + std::string(to_string(call.operation)) + " " + std::string(call.key) + " " +
         std::to_string(call.keys));
    begun_by_ = std::this_thread::get_id();
  }
  void after(const CacheCall& call, const CacheCallResult& result, std::chrono::nanoseconds) override {
    note("after " + std::string(to_string(call.operation)) + " " + std::string(to_string(result.kind)) + " " +
         std::to_string(result.count) + " " + std::to_string(result.failed));
    BOOST_TEST((begun_by_ == std::this_thread::get_id()));
  }
  void on_error(const CacheCall& call, const Error& error, std::chrono::nanoseconds) override {
    note("error " + std::string(to_string(call.operation)) + " " + std::string(to_string(error.code())));
  }
  [[nodiscard]] std::string events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }

 private:
  void note(const std::string& event) {
    const std::lock_guard lock(mutex_);
    events_ += event + "\n";
  }

  mutable std::mutex mutex_;
  std::string events_;
  std::thread::id begun_by_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(hooks_see_the_same_calls_in_both_forms) {
  const auto make = [](const std::shared_ptr<NotingHook>& hook) {
    return std::make_shared<HookedCache>(filled(std::make_shared<GatedCache>()),
                                         std::vector<std::shared_ptr<ICacheHook>>{hook});
  };
  const auto blocking = std::make_shared<NotingHook>();
  const auto asynchronous = std::make_shared<NotingHook>();
  const auto first = make(blocking);
  const auto second = make(asynchronous);
  for (const auto& call : calls) {
    if (call.name == "scan") continue;  // its steps depend on where a cache in memory has its keys
    call.blocking(*first);
    call.asynchronous(*second, Way::wait);
  }
  BOOST_TEST(blocking->events() == asynchronous->events());
}

BOOST_AUTO_TEST_CASE(metrics_count_the_same_in_both_forms) {
  const auto make = [](const Cache& below) {
    MetricsCache::Options options;
    options.over = below;
    options.sample_every = 1;
    return std::make_shared<MetricsCache>(options);
  };
  const auto first = make(filled(std::make_shared<GatedCache>()));
  const auto second = make(filled(std::make_shared<GatedCache>()));
  for (const auto& call : calls) {
    if (call.name == "scan") continue;  // its steps depend on where a cache in memory has its keys
    call.blocking(*first);
    call.asynchronous(*second, Way::wait);
  }
  (void)first->get("fails");
  const auto one = first->metrics();
  (void)second->async_get("fails").wait();
  const auto other = second->metrics();
  BOOST_TEST(one.statistics.hits == other.statistics.hits);
  BOOST_TEST(one.statistics.misses == other.statistics.misses);
  BOOST_TEST(one.statistics.writes == other.statistics.writes);
  BOOST_TEST(one.statistics.removals == other.statistics.removals);
  BOOST_TEST(one.statistics.clears == other.statistics.clears);
  BOOST_TEST(one.statistics.failures == other.statistics.failures);
  BOOST_TEST(one.statistics.refusals == other.statistics.refusals);
}

BOOST_AUTO_TEST_CASE(metrics_count_a_call_whose_caller_is_gone_as_a_failure) {
  const auto cache = std::make_shared<GatedCache>();
  MetricsCache::Options options;
  options.over = Cache(cache);
  const auto counted = std::make_shared<MetricsCache>(options);
  cache->close();
  {
    const auto routine = [](ICache& of) -> Routine {
      const auto found = co_await of.async_get("key");
      (void)found;
    }(*counted);
    BOOST_TEST(wait_until([&] { return cache->waiting() == 1; }));
  }
  cache->open();
  BOOST_TEST(counted->statistics().failures == 1U);
  BOOST_TEST(counted->statistics().hits == 0U);
}

BOOST_AUTO_TEST_CASE(no_memory_at_any_point_ends_a_call_and_leaves_the_cache_whole) {
  const auto cache = prefixed_and_counted(std::make_shared<GatedCache>());
  filled(cache);
  BOOST_TEST(cache->async_get("hit").wait().hit());
  const std::string longer(600, 'k');
  for (long failing = 0;; ++failing) {
    bool reached = false;
    std::string got;
    {
      FailingAllocations failures(FailingAllocations::On::this_thread, failing);
      const auto found = cache->async_get(longer).wait();
      failures.end();
      reached = failures.reached();
      got = text(found);
    }
    BOOST_TEST((got == "miss" || got == "no_memory"), got);
    if (!reached) break;
  }
  BOOST_TEST(cache->async_get("hit").wait().hit());
}

BOOST_AUTO_TEST_SUITE_END()
