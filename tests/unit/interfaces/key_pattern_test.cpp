#include <cachesite/detail/key_range.hpp>

#include <random>
#include <string>

#include <boost/test/unit_test.hpp>

using cachesite::escape_key_pattern;
using cachesite::matches_key_pattern;
using namespace std::string_view_literals;

namespace {

struct Row {
  std::string_view pattern;
  std::string_view key;
  bool matches;
};

// What redis-server 7.0 answers, as far as a pattern has a meaning there.
constexpr Row table[] = {
    {"", "", true},
    {"", "a", false},
    {"*", "", true},
    {"*", "anything", true},
    {"**", "anything", true},
    {"a", "a", true},
    {"a", "A", false},
    {"a", "ab", false},
    {"ab", "a", false},
    {"?", "a", true},
    {"?", "", false},
    {"?", "ab", false},
    {"h?llo", "hello", true},
    {"h?llo", "hllo", false},
    {"h*llo", "hllo", true},
    {"h*llo", "heeeello", true},
    {"h*llo", "heeeellox", false},
    {"*a*b", "xaxbab", true},
    {"*a*b*", "ba", false},
    {"user:*:name", "user:1:2:name", true},
    {"user:*:name", "user:1:names", false},
    {"h[ae]llo", "hello", true},
    {"h[ae]llo", "hillo", false},
    {"h[^e]llo", "hallo", true},
    {"h[^e]llo", "hello", false},
    {"h[a-b]llo", "hbllo", true},
    {"h[a-b]llo", "hcllo", false},
    {"h[b-a]llo", "hallo", true},
    {"[a-c0-9]", "7", true},
    {"[a-c0-9]", "d", false},
    {"[-a]", "-", true},
    {"[a-]", "-", false},
    {"[a-]", "]", true},
    {"[a-]", "^", true},
    {"[\\a-c]", "b", false},
    {"[\\a-c]", "-", true},
    {"[b-\\c]", "^", true},
    {"[b-\\c]", "d", false},
    {"[]a]", "a]", false},
    {"[\\]a]", "]", true},
    {"[\\^a]", "^", true},
    {"[a\\-c]", "b", false},
    {"[a\\-c]", "-", true},
    {"[abc", "b", true},
    {"[abc", "d", false},
    {"\\*", "*", true},
    {"\\*", "a", false},
    {"a\\?b", "a?b", true},
    {"a\\?b", "axb", false},
    {"\\\\", "\\", true},
    {"a\\", "a\\", true},
    {"[[]", "[", true},
    {"a[[]b]c", "a[b]c", true},
    {"a?c", "a\nc", true},
    {"a?c"sv, "a\0c"sv, true},
    {"[\x80-\xff]", "\xc3", true},
    {"[\x80-\xff]", "c", false},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(key_pattern)

BOOST_AUTO_TEST_CASE(patterns_match_as_in_redis) {
  for (const auto& row : table)
    BOOST_TEST(matches_key_pattern(row.pattern, row.key) == row.matches,
               "\"" << row.pattern << "\" and \"" << row.key << "\"");
}

BOOST_AUTO_TEST_CASE(an_escaped_text_matches_itself_alone) {
  std::mt19937 random(7);
  const auto text = [&random] {
    const std::string_view letters = "*?[]\\^-ab";
    std::string result;
    for (auto size = random() % 6; size > 0; --size)
      result.push_back(letters[random() % letters.size()]);
    return result;
  };
  for (int round = 0; round < 5000; ++round) {
    const auto first = text();
    const auto second = text();
    BOOST_REQUIRE(matches_key_pattern(escape_key_pattern(first), first));
    BOOST_REQUIRE(matches_key_pattern(escape_key_pattern(first), second) == (first == second));
  }
}

BOOST_AUTO_TEST_CASE(a_pattern_made_to_be_slow_takes_no_more_than_the_product_of_the_lengths) {
  std::string pattern;
  for (int star = 0; star < 100; ++star)
    pattern += "*a";
  pattern += "*b";
  // Where each star tries everything that follows again, this does not end in a lifetime.
  BOOST_TEST(!matches_key_pattern(pattern, std::string(5000, 'a')));
}

BOOST_AUTO_TEST_SUITE_END()
