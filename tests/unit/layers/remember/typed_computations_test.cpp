// Computed values of a C++ type, whose serialiser may throw or write nulls of its own.

#include "unit/layers/remember/computing_world.hpp"

#include <cachesite/async_cached.hpp>
#include <cachesite/async_remember.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

// Text that has to begin with a letter of its own; "N" is its null.
class MoodySerializer {
 public:
  Status write(const std::string& value, std::string& bytes) const {
    if (value == "unwritable") throw std::runtime_error("write failed");
    bytes = "v" + value;
    return Done{};
  }
  Status write_null(std::string& bytes) const {
    bytes = "N";
    return Done{};
  }
  Result<Found> read(ByteView bytes, std::string& value) const {
    if (bytes.text() == "N") return Found::null;
    if (!bytes.text().starts_with("v")) throw std::runtime_error("read failed");
    value = bytes.text().substr(1);
    return Found::hit;
  }
};

using Texts = TypedCache<std::string, MoodySerializer>;

std::shared_ptr<RememberCache> computing() {
  return test::ComputingWorld([](auto&) {}).cache;
}

std::string end_of(const TypedLookup<std::string>& found) {
  if (found.hit()) return found.value();
  return found.failed() ? std::string(to_string(found.error().code())) : "none";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(typed_computations)

BOOST_AUTO_TEST_CASE(an_entry_that_the_serialiser_throws_for_fails_an_asynchronous_call_and_throws_nothing) {
  const auto cache = computing();
  const Texts texts(cache);
  (void)cache->write("k", "foreign", 1min);
  const auto make = [] { return std::string("made"); };
  const auto found = async_remember(texts, "k", 1min, make).wait();
  BOOST_REQUIRE(found.failed());
  BOOST_TEST(to_string(found.error().code()) == "corrupt");
  std::promise<std::string> told;
  async_remember(texts, "k", 1min, make).start([&](const TypedLookup<std::string>& each) {
    told.set_value(end_of(each));
  });
  BOOST_TEST(told.get_future().get() == "corrupt");
  const auto function = async_cached<MoodySerializer>(cache, "k", 1min, make);
  BOOST_CHECK_THROW((void)function().wait(), CacheError);
}

BOOST_AUTO_TEST_CASE(an_entry_that_the_serialiser_throws_for_costs_a_batch_no_other_key) {
  const auto cache = computing();
  (void)cache->write("a", "vone", 1min);
  (void)cache->write("b", "foreign", 1min);
  const std::array<std::string_view, 3> keys{"a", "b", "c"};
  std::vector<TypedLookup<std::string>> found(keys.size(), TypedLookup<std::string>(Found::miss));
  remember_many(
      Texts(cache), keys, 1min, [](auto, auto made) { made[0] = ComputedValue<std::string>{"three"}; },
      std::span(found));
  BOOST_TEST(end_of(found[0]) == "one");
  BOOST_TEST(end_of(found[1]) == "corrupt");
  BOOST_TEST(end_of(found[2]) == "three");
}

BOOST_AUTO_TEST_CASE(a_value_that_cannot_be_written_costs_a_batch_no_other_key) {
  const auto cache = computing();
  const std::array<std::string_view, 3> keys{"a", "b", "c"};
  std::vector<TypedLookup<std::string>> found(keys.size(), TypedLookup<std::string>(Found::miss));
  const auto make = [](auto missing, auto made) {
    for (std::size_t item = 0; item < missing.size(); ++item)
      made[item] = ComputedValue<std::string>{missing[item] == "a" ? "unwritable" : "written"};
  };
  remember_many(Texts(cache), keys, 1min, make, std::span(found));
  BOOST_REQUIRE(found[0].failed());
  BOOST_TEST(to_string(found[0].error().code()) == "not_computed");
  BOOST_TEST(found[0].error().message().find("write failed") != std::string_view::npos);
  BOOST_TEST(end_of(found[1]) == "written");
  BOOST_TEST(end_of(found[2]) == "written");
  BOOST_TEST(cache->get("c").value().text() == "vwritten");
}

BOOST_AUTO_TEST_CASE(an_asynchronous_computation_stores_a_null_as_a_blocking_one_does) {
  const auto none = [] { return std::optional<std::string>(); };
  for (const auto form : {NullForm::cached, NullForm::serialized}) {
    const auto cache = computing();
    const Texts texts(cache, MoodySerializer(), form);
    BOOST_TEST(remember(texts, "blocking", 1min, none).null());
    BOOST_TEST(async_remember(texts, "waiting", 1min, none).wait().null());
    for (const auto* const key : {"blocking", "waiting"}) {
      BOOST_TEST(cache->get(key).null() == (form == NullForm::cached));
      BOOST_TEST(texts.get(key).null());
      const auto left = cache->time_to_live(key).value().left;
      BOOST_TEST((left <= 5s));
    }
  }
}

// ThreadSanitizer sees that the two touch nothing in common: the flag orders nothing.
BOOST_AUTO_TEST_CASE(a_function_may_throw_after_its_caller_has_left) {
  const auto left = std::make_shared<std::atomic<bool>>(false);
  const auto fails = async_cached(computing(), "k", 5min, [left]() -> std::string {
    while (!left->load(std::memory_order_relaxed))
      std::this_thread::yield();
    throw std::range_error("no");
  });
  BOOST_CHECK_THROW((void)fails.call({.patience = 1ms}).wait(), CacheError);
  left->store(true, std::memory_order_relaxed);
}

BOOST_AUTO_TEST_SUITE_END()
