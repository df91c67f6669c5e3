#include "layers/base/owed_removals.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using cachesite::layers::OwedRemovals;

namespace {

constexpr std::size_t plenty = 100;

OwedRemovals::Part part_of(const OwedRemovals& owed, const std::vector<std::string_view>& keys) {
  return owed.of(keys);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(owed_removals)

BOOST_AUTO_TEST_CASE(keys_patterns_and_everything_are_owed_until_they_are_settled) {
  OwedRemovals owed;
  BOOST_TEST(!owed.owes("a"));
  BOOST_TEST(owed.add_key("a", plenty));
  BOOST_TEST(owed.add_pattern("user:*", plenty));
  BOOST_TEST((owed.owes("a") && owed.owes("user:1") && !owed.owes("b")));
  owed.add_clear();
  BOOST_TEST(owed.owes("b"));
  const auto everything = owed.next(plenty);
  BOOST_TEST((everything.clear && !everything.pattern && everything.keys.empty()));
  owed.settle(everything);
  BOOST_TEST((!owed.owes("b") && owed.owes("a")));
  const auto pattern = owed.next(plenty);
  BOOST_TEST((!pattern.clear && pattern.pattern->first == "user:*" && pattern.keys.empty()));
  owed.settle(pattern);
  BOOST_TEST((!owed.owes("user:1") && owed.owes("a")));
  owed.settle(owed.next(plenty));
  BOOST_TEST(owed.empty());
  BOOST_TEST(owed.next(plenty).empty());
}

BOOST_AUTO_TEST_CASE(what_is_asked_for_again_while_it_is_removed_stays_owed) {
  OwedRemovals owed;
  (void)owed.add_key("again", plenty);
  (void)owed.add_key("renewed", plenty);
  (void)owed.add_key("once", plenty);
  const auto keys = owed.next(plenty);
  (void)owed.add_key("again", plenty);
  BOOST_TEST(owed.renew_key("renewed"));
  BOOST_TEST(!owed.renew_key("unknown"));
  owed.settle(keys);
  BOOST_TEST((owed.owes("again") && owed.owes("renewed") && !owed.owes("once")));

  (void)owed.add_pattern("p*", plenty);
  const auto pattern = owed.next(plenty);
  (void)owed.add_pattern("p*", plenty);
  owed.settle(pattern);
  BOOST_TEST(owed.owes("pattern"));

  owed.add_clear();
  const auto everything = owed.next(plenty);
  owed.add_clear();
  owed.settle(everything);
  BOOST_TEST(owed.owes("anything"));
}

BOOST_AUTO_TEST_CASE(no_more_than_the_limit_is_kept_and_what_is_there_may_be_asked_for_again) {
  OwedRemovals owed;
  BOOST_TEST(owed.add_key("a", 2));
  BOOST_TEST(owed.add_pattern("p*", 2));
  BOOST_TEST(!owed.add_key("b", 2));
  BOOST_TEST(!owed.add_pattern("q*", 2));
  BOOST_TEST(owed.add_key("a", 2));
  BOOST_TEST(owed.add_pattern("p*", 2));
  BOOST_TEST(owed.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_part_has_so_many_keys_at_most_and_the_parts_are_all_of_them) {
  OwedRemovals owed;
  for (int number = 0; number < 25; ++number)
    (void)owed.add_key(std::to_string(number), plenty);
  std::vector<std::size_t> sizes;
  while (!owed.empty()) {
    const auto part = owed.next(10);
    sizes.push_back(part.keys.size());
    owed.settle(part);
  }
  BOOST_TEST((sizes == std::vector<std::size_t>{10, 10, 5}));
}

BOOST_AUTO_TEST_CASE(of_some_keys_those_are_a_part_that_are_owed_by_themselves_or_by_a_pattern) {
  OwedRemovals owed;
  (void)owed.add_key("a", plenty);
  (void)owed.add_pattern("p*", plenty);
  const auto part = part_of(owed, {"b", "p1", "a"});
  BOOST_REQUIRE(part.keys.size() == 2U);
  BOOST_TEST(part.keys[0].first == "p1");
  BOOST_TEST(part.keys[1].first == "a");
  owed.settle(part);
  BOOST_TEST((!owed.owes("a") && owed.owes("p1")));  // other keys of the pattern are still there
  BOOST_TEST(part_of(owed, {"a", "b"}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
