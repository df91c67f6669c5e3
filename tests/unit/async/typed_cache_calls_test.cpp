#include "parts.hpp"

#include <cachesite/typed_cache.hpp>

#include <chrono>
#include <memory>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

struct Numbers {
  Status write(int number, std::string& bytes) const {
    if (number < 0) return Error(ErrorCode::bad_argument, "not below 0");
    bytes = std::to_string(number);
    return Done{};
  }
  Result<Found> read(ByteView bytes, int& number) const {
    if (bytes.text() == "?") return Error(ErrorCode::corrupt, "no number");
    number = std::stoi(std::string(bytes.text()));
    return Found::hit;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(typed_cache_calls)

BOOST_AUTO_TEST_CASE(typed_values_are_stored_and_found_by_asynchronous_calls) {
  for (const auto& cache : {std::shared_ptr<ICache>(std::make_shared<MemoryCache>()),
                            std::shared_ptr<ICache>(std::make_shared<GatedCache>())}) {
    TypedCache<int, Numbers> numbers(cache);
    BOOST_TEST(numbers.async_set("a", 7, 1h).wait().ok());
    BOOST_TEST(numbers.async_get("a").wait().value() == 7);
    BOOST_TEST(numbers.async_get("none", {.patience = 10s}).wait().miss());
    BOOST_TEST(cache->set_value("null", std::nullopt, 1h));
    BOOST_TEST(numbers.async_get("null").wait().null());
    BOOST_TEST(cache->set_value("odd", "?", 1h));
    BOOST_TEST((numbers.async_get("odd").wait().error().code() == ErrorCode::corrupt));
    BOOST_TEST((numbers.async_get("").wait().error().code() == ErrorCode::bad_argument));
  }
}

BOOST_AUTO_TEST_CASE(a_value_that_cannot_be_serialised_makes_no_call) {
  const auto cache = std::make_shared<GatedCache>();
  TypedCache<int, Numbers> numbers(cache);
  const auto stored = numbers.async_set("a", -1, 1h).wait();
  BOOST_REQUIRE(!stored.ok());
  BOOST_TEST(stored.error().message() == "not below 0");
  BOOST_TEST(cache->begun() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
