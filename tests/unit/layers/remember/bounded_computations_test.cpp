// Limits and the end of the cache reach every computation: also one whose key has changed, one that begins after
// `wait`, and a call that has no thread yet.

#include "layers/remember/flight_table.hpp"
#include "support/wait_until.hpp"
#include "unit/layers/remember/computing_world.hpp"

#include <cachesite/async_remember.hpp>
#include <cachesite/remember.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using remembering::FlightTable;
using test::ComputingWorld;
using test::HangingSource;
using test::wait_until;

BOOST_AUTO_TEST_SUITE(bounded_computations)

namespace {

constexpr int workers = 32;  // for asynchronous calls

std::string code_of(const Lookup& found) {
  return found.failed() ? std::string(to_string(found.error().code())) : std::string(found.value().text());
}

// Nothing for one that does not come: the test goes on and lets its factories end.
std::string code_of(std::future<Lookup>& soon) {
  return soon.wait_for(20s) == std::future_status::ready ? code_of(soon.get()) : "no answer";
}

// A factory that runs until it is asked to stop.
struct PatientFactory {
  std::shared_ptr<std::atomic<bool>> started = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<std::atomic<bool>> stopped = std::make_shared<std::atomic<bool>>(false);

  Result<Computed> operator()(const ComputeContext& context) const {
    *started = true;
    (void)wait_until([&] { return context.stop.stop_requested(); });
    *stopped = context.stop.stop_requested();
    return Error(ErrorCode::closed, "stopped");
  }
};

std::future<Lookup> ask_in_background(ComputingWorld& world,
                                      std::function<Result<Computed>(const ComputeContext&)> factory) {
  return std::async(std::launch::async, [&world, factory = std::move(factory)] {
    return world.cache->remember("k", 1min, background(factory));
  });
}

std::vector<std::future<Lookup>> keep_workers_busy(ComputingWorld& world, const HangingSource& source) {
  std::vector<std::future<Lookup>> calls;
  for (int call = 0; call < workers; ++call)
    calls.push_back(
        world.cache->async_remember("busy" + std::to_string(call), 1min, [source] { return source(); })
            .future());
  BOOST_TEST(wait_until([&] { return source.started() == workers; }));
  return calls;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_factory_whose_key_has_changed_is_asked_to_stop_at_its_hard_limit) {
  ComputingWorld world([](auto& options) { options.factory_hard = 20ms; });
  const PatientFactory factory;
  auto caller = ask_in_background(world, factory);
  BOOST_TEST(wait_until([&] { return factory.started->load(); }));
  BOOST_TEST(world.cache->remove("k").ok());
  BOOST_TEST(code_of(caller) == "timeout");
  BOOST_TEST(wait_until([&] { return factory.stopped->load(); }));
  BOOST_TEST(wait_until([&] { return world.statistics().abandoned_now == 0; }));
  BOOST_TEST(world.statistics().hard_timeouts == 1U);
}

BOOST_AUTO_TEST_CASE(a_factory_whose_key_has_changed_is_asked_to_stop_when_its_cache_stops) {
  using Change = std::function<void(ICache&)>;
  const Change changes[] = {[](ICache& cache) { (void)cache.remove("k"); },
                            [](ICache& cache) { (void)cache.clear(); },
                            [](ICache& cache) { (void)cache.write("k", "written", 1min); }};
  for (const auto& change : changes) {
    ComputingWorld world([](auto&) {});
    const PatientFactory factory;
    std::promise<Lookup> answered;
    auto soon = answered.get_future();
    world.cache->async_remember("k", 1min, factory).start([&](const Lookup& found) {
      answered.set_value(found);
    });
    BOOST_TEST(wait_until([&] { return factory.started->load(); }));
    change(*world.cache);
    world.cache->stop();
    BOOST_TEST(code_of(soon) == "closed");
    BOOST_TEST(wait_until([&] { return factory.stopped->load(); }));
  }
}

BOOST_AUTO_TEST_CASE(factories_of_keys_that_have_changed_count_as_abandoned) {
  ComputingWorld world([](auto& options) {
    options.factory_hard = 20ms;
    options.most_abandoned = 2;
  });
  const HangingSource source;
  for (int round = 1; round <= 2; ++round) {
    auto caller =
        std::async(std::launch::async, [&] { return world.cache->remember("k", 1min, background(source)); });
    BOOST_TEST(wait_until([&] { return source.started() == round; }));
    BOOST_TEST(world.cache->remove("k").ok());
    BOOST_TEST(code_of(caller) == "timeout");
  }
  BOOST_TEST(world.statistics().abandoned_now == 2U);
  BOOST_TEST(code_of(world.give("v")) == "refused");
  source.release();
  BOOST_TEST(wait_until([&] { return world.statistics().abandoned_now == 0; }));
  BOOST_TEST(world.give("v").hit());
}

// A hung factory of a caller that runs it itself holds its key; what others begin after `wait` has its own limit.
BOOST_AUTO_TEST_CASE(what_begins_after_the_wait_has_a_hard_limit_of_its_own) {
  ComputingWorld world([](auto& options) {
    options.wait = 5ms;
    options.factory_hard = 200ms;
  });
  const HangingSource source;
  auto holder = std::async(std::launch::async,
                           [&] { return world.cache->remember("k", 1min, [&] { return source(); }); });
  BOOST_TEST(wait_until([&] { return source.started() == 1; }));
  auto blocking =
      std::async(std::launch::async, [&] { return world.cache->remember("k", 1min, background(source)); });
  BOOST_TEST(wait_until([&] { return source.started() == 2; }));
  auto asynchronous = world.cache->async_remember("k", 1min, [source] { return source(); }).future();
  BOOST_TEST(wait_until([&] { return source.started() == 3; }));
  BOOST_TEST(code_of(blocking) == "timeout");
  BOOST_TEST(code_of(asynchronous) == "timeout");
  BOOST_TEST(world.statistics().abandoned_now >= 2U);
  source.release();
  BOOST_TEST(code_of(holder) == "late");
  BOOST_TEST(wait_until([&] { return world.statistics().abandoned_now == 0; }));
}

BOOST_AUTO_TEST_CASE(a_call_has_its_deadline_after_the_wait_too) {
  ComputingWorld world([](auto& options) { options.wait = 5ms; });
  const HangingSource source;
  auto holder = std::async(std::launch::async,
                           [&] { return world.cache->remember("k", 1min, [&] { return source(); }); });
  BOOST_TEST(wait_until([&] { return source.started() == 1; }));
  auto asynchronous =
      world.cache->async_remember("k", 1min, [source] { return source(); }, {.patience = 100ms}).future();
  BOOST_TEST(code_of(asynchronous) == "timeout");
  source.release();
  BOOST_TEST(code_of(holder) == "late");
}

BOOST_AUTO_TEST_CASE(nothing_begins_apart_while_too_many_are_abandoned) {
  FlightTable table;
  const FlightTable::Limits limits{1h, 1, 10};
  const auto hung = table.board("a", 0, {}, limits);
  BOOST_TEST((hung.role == FlightTable::Role::leader));
  BOOST_TEST((table.begin_apart("b", {}, limits) != nullptr));
  BOOST_TEST(table.retire("a", hung.flight));
  BOOST_TEST((table.begin_apart("c", {}, limits) == nullptr));
  table.land("a", hung.flight, Lookup());
  BOOST_TEST((table.begin_apart("c", {}, limits) != nullptr));
}

// A later value stays, whatever became of the flights meanwhile.
BOOST_AUTO_TEST_CASE(a_flight_outdates_those_that_have_begun_before_it) {
  FlightTable table;
  const FlightTable::Limits limits{1h, 10, 10};
  const auto first = table.board("k", 0, {}, limits).flight;
  const auto second = table.begin_apart("k", {}, limits);
  BOOST_TEST(table.retire("k", first));
  table.outdate_older("k", *second);
  BOOST_TEST(first->is_outdated());
  BOOST_TEST(!second->is_outdated());
  table.outdate_older("k", *first);
  BOOST_TEST(!second->is_outdated());
}

BOOST_AUTO_TEST_CASE(calls_that_wait_for_a_worker_are_answered_when_the_cache_stops) {
  ComputingWorld world([](auto& options) { options.form = ValueForm::envelope; });
  const HangingSource source;
  auto busy = keep_workers_busy(world, source);
  std::vector<std::future<Lookup>> queued;
  for (int call = 0; call < 5; ++call)
    queued.push_back(
        world.cache->async_remember("queued" + std::to_string(call), 1min, [] { return "v"; }).future());
  world.cache->stop();
  for (auto& call : queued)
    BOOST_TEST(code_of(call) == "closed");
  source.release();
  for (auto& call : busy)
    BOOST_TEST(code_of(call) == "closed");
}

BOOST_AUTO_TEST_CASE(a_blocking_call_does_not_wait_behind_asynchronous_ones) {
  ComputingWorld world([](auto&) {});
  const HangingSource source;
  auto busy = keep_workers_busy(world, source);
  for (int call = 0; call < 5; ++call)
    busy.push_back(
        world.cache->async_remember("queued" + std::to_string(call), 1min, [source] { return source(); })
            .future());
  auto blocking = std::async(
      std::launch::async, [&] { return world.cache->remember("k", 1min, background([] { return "v"; })); });
  BOOST_TEST(code_of(blocking) == "v");
  BOOST_TEST(source.started() == workers);
  source.release();
  for (auto& call : busy)
    BOOST_TEST(code_of(call) == "late");
}

BOOST_AUTO_TEST_CASE(the_longest_time_is_a_long_time) {
  static constexpr auto longest = std::chrono::milliseconds::max();
  ComputingWorld world([](auto& options) {
    options.wait = longest;
    options.factory_hard = longest;
    options.factory_soft = longest;
    options.stale.keep = 1h;
  });
  world.let_value_end();
  Computation computation;
  computation.factory = []() -> Result<Computed> { return Computed{"v", {}}; };
  computation.may_outlive_call = true;
  computation.deadline = longest;
  BOOST_TEST(code_of(world.cache->remember("k", 1min, computation)) == "v");
  BOOST_TEST(code_of(world.cache->async_remember("another", 1min, [] { return "v"; }, {.patience = longest})
                         .wait()) == "v");
}

BOOST_AUTO_TEST_SUITE_END()
