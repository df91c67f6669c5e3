#include <cachesite/result.hpp>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(result)

namespace {

Error timeout() {
  return Error(ErrorCode::timeout, "no answer within 250 ms");
}

}  // namespace

BOOST_AUTO_TEST_CASE(holds_a_value_or_an_error) {
  const Result<std::string> value(std::string("tea"));
  BOOST_TEST(value.ok());
  BOOST_TEST(value.value() == "tea");
  BOOST_TEST(value.value_or("coffee") == "tea");

  const Result<std::string> failure(timeout());
  BOOST_TEST(!failure.ok());
  BOOST_TEST(failure.error().message() == "no answer within 250 ms");
  BOOST_TEST(failure.value_or("coffee") == "coffee");
}

BOOST_AUTO_TEST_CASE(false_is_a_value) {
  const Result<bool> value(false);
  BOOST_TEST(value.ok());
  BOOST_TEST(!value.value());
}

BOOST_AUTO_TEST_CASE(a_copy_is_independent) {
  Result<std::string> first(std::string("tea"));
  const Result<std::string> second = first;
  first = std::string("coffee");
  BOOST_TEST(first.value() == "coffee");
  BOOST_TEST(second.value() == "tea");
}

BOOST_AUTO_TEST_CASE(assignment_changes_between_value_and_error_and_releases_what_was_there) {
  const auto shared = std::make_shared<int>(1);
  Result<std::shared_ptr<int>> result(shared);
  BOOST_TEST(shared.use_count() == 2);
  result = timeout();
  BOOST_TEST(shared.use_count() == 1);
  BOOST_TEST((result.error().code() == ErrorCode::timeout));

  const Result<std::shared_ptr<int>> other(shared);
  result = other;
  BOOST_TEST(result.value() == shared);
  BOOST_TEST(shared.use_count() == 3);
  {
    const auto moved = std::move(result);
    BOOST_TEST(shared.use_count() == 3);
  }
  BOOST_TEST(shared.use_count() == 2);
}

BOOST_AUTO_TEST_CASE(assignment_to_itself_changes_nothing) {
  Result<std::string> value(std::string("longer than what fits into a string itself"));
  auto& same = value;
  value = same;
  BOOST_TEST(value.value() == "longer than what fits into a string itself");
  value = std::move(same);
  BOOST_TEST(value.value() == "longer than what fits into a string itself");
}

BOOST_AUTO_TEST_CASE(of_a_type_that_only_moves_it_only_moves) {
  using Only = Result<std::unique_ptr<int>>;
  static_assert(!std::is_copy_constructible_v<Only> && std::is_nothrow_move_constructible_v<Only>);
  std::vector<Only> results;
  for (int number = 0; number < 5; ++number)
    results.emplace_back(std::make_unique<int>(number));
  results.emplace_back(timeout());
  BOOST_TEST(*results.front().value() == 0);
  auto taken = std::move(results[4]).value();
  BOOST_TEST(*taken == 4);
  BOOST_TEST(!results.back().ok());
}

BOOST_AUTO_TEST_SUITE_END()
