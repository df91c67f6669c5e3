#include "layers/tagged/tagged_value.hpp"

#include <cachesite/i_tagged_cache.hpp>

#include <cstdint>
#include <random>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::layers;

namespace {

std::string sample(std::optional<std::string_view> value = "value") {
  std::string stored;
  const std::vector<TagMark> marks{{"red", TagToken{1, 2, 3}}, {"a much longer tag", TagToken{'\xFF'}}};
  encode_tagged(value, marks, stored);
  return stored;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tagged_value)

BOOST_AUTO_TEST_CASE(a_value_comes_back_with_its_tags_and_their_numbers) {
  const auto stored = sample();
  BOOST_TEST(looks_tagged(stored));
  const auto value = decode_tagged(stored);
  BOOST_REQUIRE(value.has_value());
  BOOST_TEST(value->payload == "value");
  BOOST_TEST(!value->null);
  BOOST_REQUIRE(value->marks.size() == 2u);
  BOOST_TEST(value->marks[0].tag == "red");
  BOOST_TEST((value->marks[0].token == TagToken{1, 2, 3}));
  BOOST_TEST(value->marks[1].tag == "a much longer tag");
}

BOOST_AUTO_TEST_CASE(the_layout_is_the_documented_one) {
  std::string stored;
  const std::vector<TagMark> marks{{"t", TagToken{'n'}}};
  encode_tagged("v", marks, stored);
  std::string expected("\xC1\x54\x47\x01\x00\x01\x00\x01tn", 10);
  expected.append(15, '\0').append("v");
  BOOST_TEST(stored == expected);
}

BOOST_AUTO_TEST_CASE(a_null_has_tags_and_no_value) {
  const auto stored = sample(std::nullopt);
  const auto value = decode_tagged(stored);
  BOOST_REQUIRE(value.has_value());
  BOOST_TEST(value->null);
  BOOST_TEST(!decode_tagged(stored + "x").has_value());
}

BOOST_AUTO_TEST_CASE(what_is_cut_off_in_its_head_is_none) {
  const auto stored = sample("");
  for (std::size_t size = 0; size < stored.size(); ++size)
    BOOST_TEST(!decode_tagged(std::string_view(stored).substr(0, size)).has_value());
}

BOOST_AUTO_TEST_CASE(another_version_unknown_flags_and_too_many_tags_are_none) {
  for (const auto& [place, byte] : {std::pair<std::size_t, char>{3, 2}, {4, 2}, {4, 1}, {5, 65}, {0, 0}}) {
    auto stored = sample();
    stored[place] = byte;
    BOOST_TEST(!decode_tagged(stored).has_value());
  }
  auto empty_tag = sample();
  empty_tag[6] = empty_tag[7] = 0;
  BOOST_TEST(!decode_tagged(empty_tag).has_value());
}

BOOST_AUTO_TEST_CASE(every_byte_of_the_head_is_read) {
  const auto stored = sample();
  for (std::size_t place = 0; place < 6; ++place) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      auto other = stored;
      other[place] = static_cast<char>(byte);
      const auto value = decode_tagged(other);
      if (other == stored) {
        BOOST_REQUIRE(value.has_value());
      } else if (place == 5 && byte < 2) {
        // Fewer tags: the rest belongs to the value.
        BOOST_REQUIRE(value.has_value());
        BOOST_REQUIRE(value->marks.size() == byte);
      } else {
        BOOST_REQUIRE(!value.has_value());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(as_many_and_as_long_tags_are_read_as_may_be_written) {
  const auto with = [](std::size_t count, std::size_t length, std::string_view value) {
    const std::string tag(length, 't');
    std::string stored;
    encode_tagged(value, std::vector<TagMark>(count, TagMark{tag, {}}), stored);
    return decode_tagged(stored).has_value();
  };
  BOOST_TEST(with(0, 1, "value"));
  BOOST_TEST(with(64, 1024, "value"));
  BOOST_TEST(with(64, 1024, ""));
  BOOST_TEST(!with(65, 1, "value"));
  BOOST_TEST(!with(1, 1025, "value"));
  BOOST_TEST(!with(1, 0, "value"));
}

BOOST_AUTO_TEST_CASE(random_bytes_behind_the_magic_never_reach_beyond_their_end) {
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string stored(tagged_magic);
    stored.push_back(1);
    stored.push_back(static_cast<char>(random() % 2));
    stored.push_back(static_cast<char>(random() % 4));
    const auto size = random() % 64;
    for (unsigned at = 0; at < size; ++at)
      stored.push_back(static_cast<char>(random() % 4 == 0 ? random() : 0));
    const auto value = decode_tagged(stored);
    if (!value) continue;
    std::string again;
    encode_tagged(value->null ? std::nullopt : std::optional(value->payload), value->marks, again);
    BOOST_TEST(again == stored);
  }
}

BOOST_AUTO_TEST_SUITE_END()
