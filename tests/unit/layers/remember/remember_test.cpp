// Get-or-compute with values of a C++ type.

#include "unit/layers/remember/moody_cache.hpp"

#include <cachesite/cache_layer.hpp>
#include <cachesite/json_serializer.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/pickle_serializer.hpp>
#include <cachesite/remember.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/typed_cache.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::MoodyCache;

BOOST_AUTO_TEST_SUITE(remember_typed)

namespace {

using Numbers = std::vector<std::int64_t>;
using NumbersCache = TypedCache<Numbers, JsonSerializer>;

std::shared_ptr<RememberCache> over(const std::shared_ptr<ICache>& below) {
  RememberCacheOptions options;
  options.over = Reference<ICache>(below);
  return std::make_shared<RememberCache>(options);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_typed_value_is_computed_once_over_a_computing_cache_and_over_a_plain_one) {
  for (const bool computing : {true, false}) {
    std::shared_ptr<ICache> below = std::make_shared<MoodyCache>();
    const auto bytes = computing ? over(below) : below;
    const NumbersCache numbers(bytes);
    int runs = 0;
    const auto compute = [&] {
      ++runs;
      return Numbers{1, 2};
    };
    BOOST_TEST((remember(numbers, "k", 1min, compute).value() == Numbers{1, 2}));
    BOOST_TEST((remember(numbers, "k", 1min, compute).value() == Numbers{1, 2}));
    BOOST_TEST(runs == 1);
    BOOST_TEST(bytes->get("k").value().text() == "[1, 2]");
    BOOST_TEST(remember(*bytes, "text", 1min, [] { return "x"; }).value().text() == "x");
    BOOST_TEST(bytes->get("text").value().text() == "x");
  }
}

BOOST_AUTO_TEST_CASE(a_typed_factory_may_return_optionals_results_and_errors) {
  const NumbersCache numbers(over(std::make_shared<MemoryCache>()));
  BOOST_TEST(remember(numbers, "a", 1min, [] { return std::optional<Numbers>(); }).null());
  BOOST_TEST(numbers.get("a").null());
  BOOST_TEST(remember(numbers, "b", 1min, [] { return Result<Numbers>(Numbers{1}); }).hit());
  BOOST_TEST(remember(numbers, "c", 1min, [] { return Error(ErrorCode::timeout); }).failed());
  const auto thrown = remember(numbers, "d", 1min, []() -> Numbers { throw std::runtime_error("no"); });
  BOOST_TEST((thrown.error().code() == ErrorCode::not_computed));
  BOOST_TEST(thrown.error().message() == "no");
  BOOST_TEST(numbers.get("d").miss());
}

BOOST_AUTO_TEST_CASE(an_entry_that_holds_no_such_value_is_computed_anew) {
  for (const bool computing : {true, false}) {
    std::shared_ptr<ICache> below = std::make_shared<MoodyCache>();
    const auto bytes = computing ? over(below) : below;
    BOOST_TEST(bytes->set_value("k", "not json", 1min));
    BOOST_TEST((remember(NumbersCache(bytes), "k", 1min, [] { return Numbers{7}; }).value() == Numbers{7}));
    BOOST_TEST(bytes->get("k").value().text() == "[7]");
  }
}

BOOST_AUTO_TEST_CASE(a_value_that_cannot_be_serialised_is_returned_to_who_computed_it) {
  const TypedCache<std::string, JsonSerializer> texts(over(std::make_shared<MemoryCache>()));
  const std::string no_utf8 = "\xff";
  BOOST_TEST(remember(texts, "k", 1min, [&] { return no_utf8; }).value() == no_utf8);
  BOOST_TEST(texts.get("k").miss());
}

BOOST_AUTO_TEST_CASE(a_null_is_written_in_the_form_that_the_typed_cache_has) {
  const auto bytes = over(std::make_shared<MemoryCache>());
  const TypedCache<Numbers, PickleSerializer> numbers(bytes, PickleSerializer(), NullForm::serialized);
  BOOST_TEST(remember(numbers, "k", 1min, [] { return std::optional<Numbers>(); }).null());
  BOOST_TEST(bytes->get("k").hit());  // a pickled None
  BOOST_TEST((bytes->time_to_live("k").value().left <= 5s));
  BOOST_TEST(remember(numbers, "k", 1min, [] { return std::optional<Numbers>(Numbers{1}); }).null());
}

BOOST_AUTO_TEST_CASE(weakness_20_over_a_plain_cache_too_wrong_arguments_are_refused_before_the_factory_runs) {
  const NumbersCache numbers(std::make_shared<MemoryCache>());
  int runs = 0;
  const auto compute = [&] {
    ++runs;
    return Numbers{};
  };
  BOOST_TEST((remember(numbers, "k", 0s, compute).error().code() == ErrorCode::bad_argument));
  BOOST_TEST((remember(numbers, "", 1min, compute).error().code() == ErrorCode::bad_argument));
  BOOST_TEST(runs == 0);
}

BOOST_AUTO_TEST_CASE(over_a_plain_cache_that_is_stopped_nothing_is_computed_whatever_is_wished) {
  struct StoppedCache final : CacheLayer {
    StoppedCache() : CacheLayer(std::make_shared<MemoryCache>()) {}
    Result<Found> do_read(std::string_view, Value&) override { return Error(ErrorCode::closed); }
  };
  StoppedCache cache;
  int runs = 0;
  Computation computation;
  computation.factory = [&]() -> Result<Computed> {
    ++runs;
    return Computed{"v", {}};
  };
  for (const bool without_cache : {true, false}) {
    computation.compute_without_cache = without_cache;
    BOOST_TEST((detail::remember_somehow(cache, "k", 1min, computation).error().code() == ErrorCode::closed));
  }
  BOOST_TEST(runs == 0);
}

BOOST_AUTO_TEST_SUITE_END()
