// Functions that hold no thread while they wait, and whose results are cached.

#include "unit/layers/remember/computing_world.hpp"

#include <cachesite/async_cached.hpp>
#include <cachesite/data_traits.hpp>
#include <cachesite/json_serializer.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(async_cached_functions)

namespace {

struct Price {
  int cents = 0;
  static auto fields() { return std::tuple(data_field("cents", &Price::cents)); }
};

// The rows that functions read asynchronously, as a driver of a database would give them.
struct Rows {
  Rows() { (void)cache->set_value("1", "12", 1min); }

  [[nodiscard]] auto find(int id) {
    ++reads;
    return cache->async_get(id == 1 ? "1" : "2").map([](const Lookup& row) -> std::optional<int> {
      if (!row.hit()) return std::nullopt;
      return std::stoi(std::string(row.value().text()));
    });
  }

  std::shared_ptr<MemoryCache> cache = std::make_shared<MemoryCache>();
  std::atomic<int> reads{0};
};

std::shared_ptr<RememberCache> computing() {
  return test::ComputingWorld([](auto&) {}).cache;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_function_that_returns_an_awaitable_gets_the_asynchronous_form_by_itself) {
  const auto rows = std::make_shared<Rows>();
  const auto cents = cached<JsonSerializer>(computing(), "row:{id}", 5min,
                                            [rows](int id) { return rows->find(id); }, {.names = {"id"}});
  BOOST_TEST(cents(1).wait().value() == 12);
  BOOST_TEST(cents(1).wait().value() == 12);
  BOOST_TEST(!cents(2).wait().has_value());
  BOOST_TEST(!cents(2).wait().has_value());
  BOOST_TEST(rows->reads == 2);
  BOOST_TEST(cents.key(1) == "row:1");
  BOOST_TEST(cents.invalidate(1).value());
  BOOST_TEST(cents(1).wait().value() == 12);
  BOOST_TEST(rows->reads == 3);
}

BOOST_AUTO_TEST_CASE(a_plain_function_runs_on_a_worker) {
  std::atomic<int> runs{0};
  const auto price = async_cached<JsonSerializer>(computing(), "price:{id}", 5min,
                                                  [&runs](int id) {
                                                    ++runs;
                                                    return Price{id * 100};
                                                  },
                                                  {.names = {"id"}});
  BOOST_TEST(price(3).wait().cents == 300);
  BOOST_TEST(price(3).wait().cents == 300);
  BOOST_TEST(runs == 1);
}

BOOST_AUTO_TEST_CASE(exceptions_reach_the_caller_and_are_not_cached) {
  const auto fails =
      async_cached(computing(), "k", 5min, []() -> std::string { throw std::range_error("no"); });
  BOOST_CHECK_THROW((void)fails().wait(), std::range_error);
  const auto rows = std::make_shared<Rows>();
  const auto broken = cached(computing(), "k", 5min, [rows] {
    return rows->cache->async_get("1").map(
        [](const Lookup&) -> std::string { throw std::range_error("no"); });
  });
  BOOST_CHECK_THROW((void)broken().wait(), std::range_error);
  BOOST_CHECK_THROW((void)broken().wait(), std::range_error);
}

BOOST_AUTO_TEST_CASE(what_only_blocking_functions_have_is_refused) {
  const auto one = [] { return std::string("1"); };
  BOOST_CHECK_THROW((void)async_cached(std::make_shared<MemoryCache>(), "k", 5min, one),
                    std::invalid_argument);
  BOOST_CHECK_THROW((void)async_cached(computing(), "k", TimeToLive(0s), one), std::invalid_argument);
  CachedOptions<> options;
  options.skip = [] { return true; };
  BOOST_CHECK_THROW((void)async_cached(computing(), "k", 5min, one, options), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(typed_values_are_computed_asynchronously) {
  const auto cache = computing();
  const TypedCache<Price, JsonSerializer> prices(cache);
  const auto rows = std::make_shared<Rows>();
  const auto ask = [&] {
    return async_remember(
               prices, "p", 5min,
               [rows] { return rows->find(1).map([](std::optional<int> cents) { return Price{*cents}; }); })
        .wait();
  };
  BOOST_TEST(ask().value().cents == 12);
  BOOST_TEST(ask().value().cents == 12);
  BOOST_TEST(rows->reads == 1);
  BOOST_TEST(prices.get("p").value().cents == 12);
  BOOST_TEST(async_remember(prices, "none", 5min, [] { return std::optional<Price>(); }).wait().null());
}

BOOST_AUTO_TEST_SUITE_END()
