#include <cachesite/detail/key_range.hpp>

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

namespace {

using Batches = std::vector<std::vector<std::string>>;

// Hands out one batch with each fetch; the number of the next one is the position.
KeyRange range_over(const Batches& batches, int& fetches) {
  return KeyRange([&batches, &fetches](ScanPosition& position, std::vector<std::string>& keys) -> Status {
    ++fetches;
    const auto number = position.text.empty() ? std::size_t{0} : std::stoul(position.text);
    keys.insert(keys.end(), batches[number].begin(), batches[number].end());
    position.text = std::to_string(number + 1);
    position.finished = number + 1 == batches.size();
    return Done{};
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(key_range)

BOOST_AUTO_TEST_CASE(batches_are_fetched_while_the_range_is_walked) {
  const Batches batches{{"a", "b"}, {"c"}, {"d"}};
  int fetches = 0;
  auto keys = range_over(batches, fetches);
  BOOST_TEST(fetches == 0);
  auto place = keys.begin();
  BOOST_TEST(fetches == 1);
  BOOST_TEST(*place == "a");
  ++place;
  BOOST_TEST(*place == "b");
  BOOST_TEST(fetches == 1);
  ++place;
  BOOST_TEST(place->size() == 1U);
  BOOST_TEST(*place == "c");
  BOOST_TEST(fetches == 2);
}

BOOST_AUTO_TEST_CASE(empty_batches_are_passed_over) {
  const Batches batches{{}, {}, {"a"}, {}, {"b"}, {}, {}};
  int fetches = 0;
  auto keys = range_over(batches, fetches);
  std::vector<std::string> walked;
  for (const auto& key : keys)
    walked.push_back(key);
  BOOST_TEST(walked == (std::vector<std::string>{"a", "b"}), boost::test_tools::per_element());
  BOOST_TEST(fetches == 7);
  BOOST_TEST(!keys.error().has_value());
}

BOOST_AUTO_TEST_CASE(a_range_without_keys_ends_at_once) {
  const Batches batches{{}};
  int fetches = 0;
  auto keys = range_over(batches, fetches);
  BOOST_TEST((keys.begin() == keys.end()));
  BOOST_TEST(fetches == 1);
}

BOOST_AUTO_TEST_CASE(a_failure_ends_the_walk_and_is_told) {
  int fetches = 0;
  KeyRange keys([&fetches](ScanPosition&, std::vector<std::string>& found) -> Status {
    if (++fetches == 2) return Error(ErrorCode::unreachable, "the server is gone");
    found.push_back("a");
    return Done{};
  });
  std::vector<std::string> walked;
  for (const auto& key : keys)
    walked.push_back(key);
  BOOST_TEST(walked == (std::vector<std::string>{"a"}), boost::test_tools::per_element());
  BOOST_REQUIRE(keys.error().has_value());
  BOOST_TEST((keys.error()->code() == ErrorCode::unreachable));
  BOOST_TEST(fetches == 2);
}

BOOST_AUTO_TEST_CASE(a_walk_that_is_broken_off_fetches_nothing_more) {
  const Batches batches{{"a"}, {"b"}, {"c"}};
  int fetches = 0;
  auto keys = range_over(batches, fetches);
  for (const auto& key : keys)
    if (key == "a") break;
  BOOST_TEST(fetches == 1);
}

BOOST_AUTO_TEST_SUITE_END()
