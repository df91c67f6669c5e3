#include "backplane/change_queue.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using cachesite::backplane::ChangeQueue;

namespace {

const int first_origin = 1;
const int second_origin = 2;

}  // namespace

BOOST_AUTO_TEST_SUITE(change_queue)

BOOST_AUTO_TEST_CASE(each_key_waits_once_and_its_last_change_counts) {
  ChangeQueue queue(10);
  BOOST_TEST(queue.add({ChangeAction::set, "a", 1}, &first_origin));
  BOOST_TEST(queue.add({ChangeAction::set, "b", 2}, &first_origin));
  BOOST_TEST(queue.add({ChangeAction::set, "a", 3}, &first_origin));
  BOOST_TEST(queue.size() == 2);
  const auto first = queue.take();
  BOOST_TEST(first.key == "a");
  BOOST_TEST((first.action == ChangeAction::set));
  BOOST_TEST(first.version == 3);
  BOOST_TEST(queue.add({ChangeAction::set, "a", 4}, &first_origin));  // the first_origin before is gone
  BOOST_TEST(queue.take().key == "b");
  BOOST_TEST(queue.take().version == 4);
  BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(a_removal_stays_one_since_it_ends_stale_copies_too) {
  ChangeQueue queue(10);
  (void)queue.add({ChangeAction::remove, "a"}, &first_origin);
  (void)queue.add({ChangeAction::set, "a"}, &first_origin);
  BOOST_TEST((queue.take().action == ChangeAction::remove));
}

BOOST_AUTO_TEST_CASE(a_write_stays_one_when_only_its_end_changes_afterwards) {
  for (const auto later : {ChangeAction::expire, ChangeAction::extend}) {
    ChangeQueue queue(10);
    (void)queue.add({ChangeAction::set, "a", 1}, &first_origin);
    (void)queue.add({later, "a", 2}, &second_origin);
    const auto waiting = queue.take();
    BOOST_TEST((waiting.action == ChangeAction::set));
    BOOST_TEST(waiting.origin == nullptr);
    (void)queue.add({later, "a"}, &first_origin);
    (void)queue.add({ChangeAction::set, "a"}, &first_origin);
    BOOST_TEST((queue.take().action == ChangeAction::set));
  }
}

BOOST_AUTO_TEST_CASE(what_has_been_told_is_told_again_when_it_changes_again) {
  ChangeQueue queue(10);
  (void)queue.add({ChangeAction::remove, "a"}, &first_origin);
  (void)queue.add({ChangeAction::set, "b"}, &first_origin);
  BOOST_TEST(queue.take_untold().size() == 2);
  BOOST_TEST(queue.take_untold().empty());
  (void)queue.add({ChangeAction::set, "a"}, &first_origin);
  const auto untold = queue.take_untold();
  BOOST_REQUIRE(untold.size() == 1);
  BOOST_TEST(untold.front().key == "a");
  (void)queue.add({ChangeAction::clear, {}}, &first_origin);
  BOOST_REQUIRE(queue.take_untold().size() == 1);
  BOOST_TEST(queue.take_untold().front().origin == &first_origin);
}

BOOST_AUTO_TEST_CASE(a_pattern_is_no_key) {
  ChangeQueue queue(10);
  (void)queue.add({ChangeAction::set, "a*"}, &first_origin);
  (void)queue.add({ChangeAction::matching, "a*"}, &first_origin);
  BOOST_TEST(queue.size() == 2);
}

BOOST_AUTO_TEST_CASE(too_many_become_one_clear) {
  ChangeQueue queue(3);
  for (int index = 0; index < 3; ++index)
    BOOST_TEST(queue.add({ChangeAction::set, std::to_string(index)}, &first_origin));
  BOOST_TEST(queue.add({ChangeAction::set, "1"}, &first_origin));  // it waits already
  BOOST_TEST(!queue.add({ChangeAction::set, "3"}, &first_origin));
  BOOST_TEST(queue.size() == 1);
  BOOST_TEST(queue.add({ChangeAction::set, "4"}, &first_origin));
  BOOST_TEST((queue.take().action == ChangeAction::clear));
  BOOST_TEST(queue.take().key == "4");
  BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(a_clear_takes_the_place_of_all_before_it) {
  ChangeQueue queue(10);
  (void)queue.add({ChangeAction::set, "a"}, &first_origin);
  (void)queue.add({ChangeAction::clear, {}}, &first_origin);
  BOOST_TEST((queue.oldest().action == ChangeAction::clear));
  const auto clear = queue.take();
  BOOST_TEST(clear.origin == &first_origin);
  BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(what_two_have_changed_is_of_neither) {
  ChangeQueue queue(10);
  (void)queue.add({ChangeAction::set, "a"}, &first_origin);
  (void)queue.add({ChangeAction::set, "a"}, &second_origin);
  (void)queue.add({ChangeAction::set, "b"}, &second_origin);
  BOOST_TEST(queue.take().origin == nullptr);
  BOOST_TEST(queue.take().origin == &second_origin);
  (void)queue.add({ChangeAction::clear, {}}, &first_origin);
  (void)queue.add({ChangeAction::clear, {}}, &second_origin);
  BOOST_TEST(queue.take().origin == nullptr);
}

BOOST_AUTO_TEST_CASE(a_clear_in_place_of_what_another_has_changed_is_of_neither) {
  ChangeQueue queue(10);
  (void)queue.add({ChangeAction::set, "a"}, &second_origin);
  (void)queue.add({ChangeAction::clear, {}}, &first_origin);
  BOOST_TEST(queue.take().origin == nullptr);
  BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_SUITE_END()
