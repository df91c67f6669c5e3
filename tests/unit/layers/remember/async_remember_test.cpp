// Values that are computed for callers which do not hold a thread.

#include "support/wait_until.hpp"
#include "unit/layers/remember/computing_world.hpp"

#include <cachesite/async_remember.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/metrics_cache.hpp>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::ComputingWorld;
using test::HangingSource;
using test::wait_until;

BOOST_AUTO_TEST_SUITE(async_remember_calls)

namespace {

using World = ComputingWorld;

// What a factory gives that waits for the test.
class Gate {
 public:
  struct Awaitable {
    std::shared_ptr<Gate> gate;

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const { gate->waiting_.store(waiting.address()); }
    std::string await_resume() const {
      if (gate->throws) throw std::runtime_error("the gate is broken");
      return "of the gate";
    }
  };

  [[nodiscard]] bool has_waiting() const { return waiting_.load() != nullptr; }
  void open() {
    BOOST_REQUIRE(wait_until([this] { return has_waiting(); }));
    std::coroutine_handle<>::from_address(waiting_.exchange(nullptr)).resume();
  }
  void tear_down() { std::coroutine_handle<>::from_address(waiting_.exchange(nullptr)).destroy(); }

  bool throws = false;

 private:
  std::atomic<void*> waiting_{nullptr};
};

auto through(const std::shared_ptr<Gate>& gate) {
  return [gate] { return Gate::Awaitable{gate}; };
}

std::string text_of_answer(const Lookup& found) {
  if (found.failed()) return std::string(to_string(found.error().code()));
  if (!found.hit()) return found.null() ? "null" : "miss";
  return std::string(found.value().text()) + (found.stale() ? ", stale" : "");
}

bool is_there(const std::future<Lookup>& soon) {
  return soon.wait_for(0s) == std::future_status::ready;
}

void as_it_is(RememberCacheOptions&) {}

// One whose calls never wait for a store.
std::shared_ptr<RememberCache> computing_in_memory() {
  RememberCacheOptions options;
  options.over = Reference<ICache>(std::make_shared<MemoryCache>());
  return std::make_shared<RememberCache>(options);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_plain_factory_runs_on_a_worker) {
  World world(as_it_is);
  std::thread::id where;
  const auto found = world.cache
                         ->async_remember("k", 1min,
                                          [&] {
                                            where = std::this_thread::get_id();
                                            return "v";
                                          })
                         .wait();
  BOOST_TEST(text_of_answer(found) == "v");
  BOOST_TEST((where != std::this_thread::get_id()));
  BOOST_TEST(text_of_answer(world.give("unused")) == "v");
  BOOST_TEST(world.runs == 0);
}

BOOST_AUTO_TEST_CASE(what_is_there_ends_the_call_at_once) {
  const auto cache = computing_in_memory();
  (void)cache->set_value("k", "v", 1min);
  bool told = false;
  cache->async_remember("k", 1min, [] { return "unused"; }).start([&](const Lookup& found) {
    told = text_of_answer(found) == "v";
  });
  BOOST_TEST(told);
}

BOOST_AUTO_TEST_CASE(a_factory_may_give_a_reference_to_what_is_awaited) {
  struct Once {
    Once() = default;
    Once(const Once&) = delete;
    [[nodiscard]] bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    [[nodiscard]] std::string await_resume() const { return "v"; }
  };
  World world(as_it_is);
  Once once;
  const auto found = world.cache->async_remember("k", 1min, [&once]() -> Once& { return once; }).wait();
  BOOST_TEST(text_of_answer(found) == "v");
}

BOOST_AUTO_TEST_CASE(all_that_a_factory_may_return) {
  World world(as_it_is);
  const auto ask = [&](const char* key, auto factory) {
    return text_of_answer(world.cache->async_remember(key, 1min, factory).wait());
  };
  BOOST_TEST(ask("null", [] { return std::optional<std::string>(); }) == "null");
  BOOST_TEST(ask("error", [] { return Error(ErrorCode::unreachable); }) == "unreachable");
  BOOST_TEST(ask("thrown", []() -> std::string { throw std::runtime_error("no"); }) == "not_computed");
  BOOST_TEST(ask("context", [](const ComputeContext& context) { return std::string(context.key); }) ==
             "context");
  BOOST_TEST(ask("computed", [] { return Computed{"v", TimeToLive(5s)}; }) == "v");
  BOOST_TEST(world.cache->time_to_live("computed").value().left.count() == 5'000);
  BOOST_TEST(ask("", [] { return "v"; }) == "bad_argument");
}

BOOST_AUTO_TEST_CASE(an_awaitable_is_awaited_and_its_value_stored) {
  World world(as_it_is);
  const auto gate = std::make_shared<Gate>();
  auto soon = world.cache->async_remember("k", 1min, through(gate)).future();
  BOOST_TEST(wait_until([&] { return gate->has_waiting(); }));
  BOOST_TEST(!is_there(soon));
  gate->open();
  BOOST_TEST(text_of_answer(soon.get()) == "of the gate");
  BOOST_TEST(text_of_answer(world.cache->get("k")) == "of the gate");
}

BOOST_AUTO_TEST_CASE(an_asynchronous_call_of_another_cache_is_an_awaitable) {
  World world(as_it_is);
  const auto source = std::make_shared<MemoryCache>();
  (void)source->set_value("row", "of the source", 1min);
  const auto found = world.cache
                         ->async_remember("k", 1min,
                                          [source] {
                                            return source->async_get("row").map([](const Lookup& row) {
                                              return std::string(row.value().text());
                                            });
                                          })
                         .wait();
  BOOST_TEST(text_of_answer(found) == "of the source");
}

BOOST_AUTO_TEST_CASE(awaitables_that_fail_are_failures) {
  World world(as_it_is);
  const auto broken = std::make_shared<Gate>();
  broken->throws = true;
  auto thrown = world.cache->async_remember("thrown", 1min, through(broken)).future();
  BOOST_TEST(wait_until([&] { return broken->has_waiting(); }));
  broken->open();
  BOOST_TEST(thrown.get().error().message().find("broken") != std::string::npos);

  const auto gone = std::make_shared<Gate>();
  auto dropped = world.cache->async_remember("dropped", 1min, through(gone)).future();
  BOOST_TEST(wait_until([&] { return gone->has_waiting(); }));
  gone->tear_down();
  BOOST_TEST(text_of_answer(dropped.get()) == "not_computed");
  BOOST_TEST(text_of_answer(world.give("next", "dropped")) == "next");
}

BOOST_AUTO_TEST_CASE(callers_of_both_forms_share_one_computation) {
  World world(as_it_is);
  const auto gate = std::make_shared<Gate>();
  auto first = world.cache->async_remember("k", 1min, through(gate)).future();
  BOOST_TEST(wait_until([&] { return gate->has_waiting(); }));
  std::vector<std::future<Lookup>> coming;
  for (int caller = 0; caller < 99; ++caller)
    coming.push_back(world.cache->async_remember("k", 1min, [] { return "own"; }).future());
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int thread = 0; thread < 10; ++thread)
    threads.emplace_back([&] { right += text_of_answer(world.give("own")) == "of the gate"; });
  BOOST_TEST(wait_until([&] { return world.statistics().joined == 109; }));
  gate->open();
  for (auto& thread : threads)
    thread.join();
  for (auto& each : coming)
    right += text_of_answer(each.get()) == "of the gate";
  BOOST_TEST(text_of_answer(first.get()) == "of the gate");
  BOOST_TEST(right == 109);
  BOOST_TEST(world.statistics().factories == 1U);
}

BOOST_AUTO_TEST_CASE(a_caller_joins_what_a_thread_computes) {
  World world(as_it_is);
  const HangingSource source;
  std::thread blocking([&] { (void)world.cache->remember("k", 1min, [&] { return source(); }); });
  BOOST_TEST(wait_until([&] { return source.started() == 1; }));
  auto soon = world.cache->async_remember("k", 1min, [] { return "own"; }).future();
  BOOST_TEST(wait_until([&] { return world.statistics().joined == 1; }));
  source.release();
  BOOST_TEST(text_of_answer(soon.get()) == "late");
  blocking.join();
}

BOOST_AUTO_TEST_CASE(patience_ends_the_call_and_not_the_computation) {
  const auto cache = computing_in_memory();
  const auto gate = std::make_shared<Gate>();
  const auto found = cache->async_remember("k", 1min, through(gate), {.patience = 5ms}).wait();
  BOOST_TEST(text_of_answer(found) == "timeout");
  gate->open();
  BOOST_TEST(text_of_answer(cache->get("k")) == "of the gate");
}

BOOST_AUTO_TEST_CASE(at_the_soft_limit_a_stale_value_is_returned_and_the_late_one_stored) {
  World world([](auto& options) {
    options.stale.keep = 1h;
    options.factory_soft = 5ms;
  });
  world.let_value_end();
  const auto gate = std::make_shared<Gate>();
  BOOST_TEST(text_of_answer(world.cache->async_remember("k", 1min, through(gate)).wait()) == "old, stale");
  gate->open();
  BOOST_TEST(wait_until([&] { return text_of_answer(world.cache->get("k")) == "of the gate"; }));
  BOOST_TEST(world.statistics().soft_timeouts == 1U);
}

BOOST_AUTO_TEST_CASE(at_the_hard_limit_the_next_caller_begins_another_one) {
  World world([](auto& options) { options.factory_hard = 10ms; });
  const auto gate = std::make_shared<Gate>();
  BOOST_TEST(text_of_answer(world.cache->async_remember("k", 1min, through(gate)).wait()) == "timeout");
  BOOST_TEST(world.statistics().abandoned_now == 1U);
  BOOST_TEST(text_of_answer(world.cache->async_remember("k", 1min, [] { return "next"; }).wait()) == "next");
  gate->open();
  BOOST_TEST(wait_until([&] { return world.statistics().late_dropped == 1; }));
  BOOST_TEST(text_of_answer(world.cache->get("k")) == "next");
  BOOST_TEST(world.statistics().hard_timeouts == 1U);
}

BOOST_AUTO_TEST_CASE(a_caller_that_is_cancelled_leaves_the_others_alone) {
  World world(as_it_is);
  const auto gate = std::make_shared<Gate>();
  std::stop_source stop;
  auto leaves = world.cache->async_remember("k", 1min, through(gate), {.stop = stop.get_token()}).future();
  BOOST_TEST(wait_until([&] { return gate->has_waiting(); }));
  auto stays = world.cache->async_remember("k", 1min, [] { return "own"; }).future();
  stop.request_stop();
  BOOST_TEST(text_of_answer(leaves.get()) == "closed");
  gate->open();
  BOOST_TEST(text_of_answer(stays.get()) == "of the gate");
}

BOOST_AUTO_TEST_CASE(stop_ends_who_waits) {
  World world(as_it_is);
  const auto gate = std::make_shared<Gate>();
  auto soon = world.cache->async_remember("k", 1min, through(gate)).future();
  BOOST_TEST(wait_until([&] { return gate->has_waiting(); }));
  world.cache->stop();
  BOOST_TEST(text_of_answer(soon.get()) == "closed");
  BOOST_TEST(text_of_answer(world.cache->async_remember("k", 1min, [] { return "v"; }).wait()) == "closed");
  gate->open();
}

BOOST_AUTO_TEST_CASE(a_failing_source_is_throttled_and_its_stale_value_served) {
  World world([](auto& options) { options.stale.keep = 1h; });
  world.let_value_end();
  const auto fail = [&world] {
    ++world.runs;
    return Error(ErrorCode::unreachable);
  };
  BOOST_TEST(text_of_answer(world.cache->async_remember("k", 1min, fail).wait()) == "old, stale");
  BOOST_TEST(text_of_answer(world.cache->async_remember("k", 1min, fail).wait()) == "old, stale");
  BOOST_TEST(world.runs == 1);
}

BOOST_AUTO_TEST_CASE(a_value_that_ends_soon_is_computed_behind_its_reader) {
  World world([](auto& options) { options.refresh.mode = RefreshMode::eager; });
  (void)world.give("v");
  world.clock->advance(50s);
  BOOST_TEST(text_of_answer(world.cache->async_remember("k", 1min, [] { return "newer"; }).wait()) == "v");
  BOOST_TEST(wait_until([&] { return text_of_answer(world.cache->get("k")) == "newer"; }));
}

BOOST_AUTO_TEST_CASE(layers_and_logical_caches_have_the_call_too) {
  CacheOptions options;
  options.store = std::make_shared<MemoryCache>();
  options.near.emplace();
  options.remember.emplace();
  const auto cache = make_cache(options);
  BOOST_TEST(text_of_answer(async_remember(*cache, "k", 1min, [] { return "v"; }).wait()) == "v");
  MetricsCacheOptions metrics;
  metrics.over = Reference<ICache>(World(as_it_is).cache);
  const auto layer = std::make_shared<MetricsCache>(metrics);
  BOOST_TEST(text_of_answer(async_remember(*layer, "k", 1min, [] { return "v"; }).wait()) == "v");
  BOOST_TEST(layer->metrics().statistics.misses == 1U);
  const auto plain = std::make_shared<MemoryCache>();
  BOOST_TEST(text_of_answer(async_remember(*plain, "k", 1min, [] { return "v"; }).wait()) == "unsupported");
}

BOOST_AUTO_TEST_CASE(over_memory_a_plain_factory_that_waits_for_its_own_key_is_told_so) {
  const auto cache = computing_in_memory();
  std::string inner;
  const auto own = [&] { return cache->async_remember("k", 1min, [] { return "v"; }).wait(); };
  const auto outer = [&] {
    inner = text_of_answer(own());
    return "outer";
  };
  BOOST_TEST(text_of_answer(cache->async_remember("k", 1min, outer).wait()) == "outer");
  BOOST_TEST(inner == "not_computed");
}

BOOST_AUTO_TEST_CASE(threads_and_callbacks_for_few_keys_get_the_values_of_their_keys) {
  World world([](auto& options) { options.wait = 20s; });
  std::atomic<int> wrong{0};
  std::atomic<int> ended{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      for (int round = 0; round < 200; ++round) {
        const std::string key(1, static_cast<char>('a' + (round * 7 + thread) % 5));
        if (thread % 2 == 0) {
          world.cache->async_remember(key, 1min, [key] { return key; }).start([&, key](const Lookup& found) {
            wrong += text_of_answer(found) != key;
            ++ended;
          });
        } else {
          wrong += text_of_answer(world.give(key, key)) != key;
          ++ended;
        }
        if (round % 10 == 0) (void)world.cache->remove(key);
      }
    });
  for (auto& thread : threads)
    thread.join();
  BOOST_TEST(wait_until([&] { return ended == 800; }));
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()
