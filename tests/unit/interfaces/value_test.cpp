#include <cachesite/value.hpp>

#include <boost/test/unit_test.hpp>

using cachesite::Value;

BOOST_AUTO_TEST_SUITE(value)

BOOST_AUTO_TEST_CASE(holds_a_copy_of_what_it_is_given) {
  std::string text = "Ada";
  const Value value(text);
  text = "Bob";
  BOOST_TEST(value.text() == "Ada");
  BOOST_TEST(value.size() == 3u);
}

BOOST_AUTO_TEST_CASE(keeps_every_byte_of_small_and_large_contents_through_copies_and_moves) {
  for (const std::size_t size : {0u, 1u, 80u, 81u, 5000u}) {
    std::string text(size, '\0');
    for (std::size_t index = 0; index < size; ++index)
      text[index] = static_cast<char>(index);
    Value value(text);
    const Value copy = value;
    BOOST_TEST((copy.text() == text));
    const Value moved = std::move(value);
    BOOST_TEST((moved.text() == text));
    Value assigned("something else that is longer than nothing");
    assigned = copy;
    BOOST_TEST((assigned == moved));
  }
}

BOOST_AUTO_TEST_CASE(a_copy_is_unchanged_when_the_original_is_read_into_again) {
  Value value(std::string(1000, 'a'));
  const Value copy = value;
  value.assign(std::string(1000, 'b'));
  BOOST_TEST((copy.text() == std::string(1000, 'a')));
}

BOOST_AUTO_TEST_CASE(a_destination_that_nobody_shares_reuses_its_memory) {
  Value value(std::string(1000, 'a'));
  const auto* const before = value.bytes().data();
  value.assign(std::string(900, 'b'));
  BOOST_TEST((value.bytes().data() == before));
}

BOOST_AUTO_TEST_CASE(a_shared_block_is_handed_out_without_a_copy_and_never_written_to) {
  auto owner = std::make_shared<std::string>(500, 'x');
  Value value;
  value.share({owner, reinterpret_cast<const std::byte*>(owner->data())}, owner->size());
  BOOST_TEST((value.text().data() == owner->data()));
  value.assign(std::string(400, 'y'));
  BOOST_TEST((*owner == std::string(500, 'x')));
}

BOOST_AUTO_TEST_CASE(a_value_without_its_first_bytes_is_the_rest_and_no_other_value_changes) {
  for (const std::size_t size : {0u, 1u, 64u, 65u, 500u}) {
    const std::string rest(size, 'r');
    const std::string whole = std::string(16, 'f') + rest;
    Value alone(whole);
    const auto* const before = alone.bytes().data();
    alone.drop_front(16);
    BOOST_TEST((alone.text() == rest));
    BOOST_TEST((alone.bytes().data() == before));
    Value one(whole);
    Value other = one;
    one.drop_front(16);
    BOOST_TEST((one.text() == rest));
    BOOST_TEST((other.text() == whole));
    other.drop_front(16);
    other.assign("again");
    BOOST_TEST((one.text() == rest));
  }
}

BOOST_AUTO_TEST_SUITE_END()
