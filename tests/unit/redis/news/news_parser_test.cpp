#include "redis/news/news_parser.hpp"

#include "../wire/hostile_replies.hpp"
#include "news_text.hpp"
#include "redis/wire/reply_reader.hpp"
#include "support/sanitized.hpp"

#include <array>
#include <cstdint>
#include <random>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(news_parser)

namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t limit) {
  return static_cast<std::size_t>(random() % limit);
}

std::string bulk(std::string_view text, char type = '$') {
  return type + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

std::string any_text(Random& random) {
  std::string text;
  for (auto left = below(random, 12); left != 0; --left)
    text += std::string_view("\r\n\0ab$*:1", 9)[below(random, 9)];
  return text;
}

/// A reply of RESP2 with a few levels.
std::string any_reply(Random& random, int levels) {
  switch (below(random, levels > 0 ? 7 : 5)) {
    case 0:
      return "+OK " + std::to_string(random() % 100) + "\r\n";
    case 1:
      return "-ERR no\r\n";
    case 2:
      return ":" + std::to_string(static_cast<std::int64_t>(random())) + "\r\n";
    case 3:
      return "$-1\r\n";
    case 4:
      return bulk(any_text(random));
    case 5:
      return "*-1\r\n";
    default: {
      const auto count = below(random, 4);
      std::string text = "*" + std::to_string(count) + "\r\n";
      for (std::size_t index = 0; index < count; ++index)
        text += any_reply(random, levels - 1);
      return text;
    }
  }
}

/// What hiredis makes of bytes that are one reply; empty when it does not agree.
std::string by_hiredis(std::string_view bytes) {
  ReplyReader reader;
  Reply reply;
  if (reader.feed(bytes.data(), bytes.size(), reply) != ReplyReader::Progress::complete) return {};
  std::string text;
  append_reply(reply, text);
  return text;
}

std::string levels_of(int count) {
  std::string text;
  for (int level = 0; level < count; ++level)
    text += "*1\r\n";
  return text + ":1\r\n";
}

}  // namespace

BOOST_AUTO_TEST_CASE(agrees_with_hiredis_on_resp2_in_any_chunking) {
  Random random(15);
  for (int round = 0; round < (sanitized ? 40 : 400); ++round) {
    std::string all;
    std::string expected;
    for (int count = 0; count < 4; ++count) {
      const auto reply = any_reply(random, 5);
      all += reply;
      expected += by_hiredis(reply);
    }
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 64U, 100'000U})
      BOOST_REQUIRE_EQUAL(parse_in_pieces(all, piece), expected);
  }
}

BOOST_AUTO_TEST_CASE(takes_no_damaged_reply_that_hiredis_reads_otherwise) {
  Random random(16);
  std::size_t taken = 0;
  for (int round = 0; round < (sanitized ? 400 : 8000); ++round) {
    auto bytes = any_reply(random, 3);
    const auto place = below(random, bytes.size());
    bytes[place] = std::string_view("\r\n$*+-:019", 10)[below(random, 10)];
    NewsParser parser;
    const auto room = parser.room();
    std::memcpy(room.data(), bytes.data(), bytes.size());
    parser.received(bytes.size());
    BOOST_REQUIRE_EQUAL(parse_in_pieces(bytes, 1), parse_in_pieces(bytes, bytes.size()));
    if (parser.next() != NewsParser::Verdict::frame) continue;
    ReplyReader reader;
    Reply reply;
    if (reader.feed(bytes.data(), bytes.size(), reply) != ReplyReader::Progress::complete) continue;
    std::string expected;
    append_reply(reply, expected);
    BOOST_REQUIRE_EQUAL(text_of(parser.frame()), expected);
    ++taken;
  }
  BOOST_TEST(taken > 100U / sampling);
}

BOOST_AUTO_TEST_CASE(reads_every_type_of_resp3_nested) {
  const std::string leaves = "+s\r\n-ERR e\r\n:-5\r\n" + bulk("b\r\n") +
                             "_\r\n#t\r\n#f\r\n,1.5\r\n,-inf\r\n,nan\r\n,-1e+9\r\n(-" + std::string(30, '9') +
                             "\r\n" + bulk("txt:v", '=') + bulk("ERR x", '!');
  const std::string texts =
      "+s,-ERR e,:-5,$b\r\n,nil,#t,#f,,1.5,,-inf,,nan,,-1e+9,(-" + std::string(30, '9') + ",=txt:v,!ERR x,";
  const std::string all = ">3\r\n*14\r\n" + leaves + "~14\r\n" + leaves + "%7\r\n" + leaves;
  const std::string expected = ">[*[" + texts + "],~[" + texts + "],%[" + texts + "],],";
  for (const std::size_t piece : {1U, 2U, 5U, 1000U})
    BOOST_TEST(parse_in_pieces(all + all, piece) == expected + expected);
  BOOST_TEST(parse_in_pieces(">2\r\n" + bulk("invalidate") + "_\r\n*0\r\n%0\r\n", 1) ==
             ">[$invalidate,nil,],*[],%[],");
}

BOOST_AUTO_TEST_CASE(keys_with_nul_line_ends_marks_and_64_kib_are_keys) {
  const std::array<std::string, 5> keys{std::string("a\0b", 3), "\r\n", "@@", "",
                                        std::string(64 * 1024, 'k')};
  std::string bytes = ">2\r\n" + bulk("invalidate") + "*5\r\n";
  std::string expected = ">[$invalidate,*[";
  for (const auto& key : keys) {
    bytes += bulk(key);
    expected += "$" + key + ",";
  }
  for (const std::size_t piece : {977U, 1'000'000U})
    BOOST_TEST((parse_in_pieces(bytes, piece) == expected + "],],"));
}

BOOST_AUTO_TEST_CASE(hostile_replies_are_refused_however_the_bytes_come) {
  for (const auto& hostile : hostile_replies()) {
    const std::string_view name(hostile.name);
    const bool of_resp3 =
        name.starts_with("resp3_") && name != "resp3_attribute" && !name.starts_with("resp3_streamed");
    // A line that might go on, and what is about lines of a length.
    if (of_resp3) continue;
    for (const std::size_t piece : {1U, 2U, 7U, 10'000'000U}) {
      if (hostile.bytes.size() > 10'000 && piece < 7) continue;
      BOOST_TEST_CONTEXT(hostile.name << " in pieces of " << piece)
      BOOST_TEST(parse_in_pieces(hostile.bytes, piece).ends_with("refused"));
    }
  }
  for (const auto* const bytes :
       {"_x\r\n",  "#x\r\n",  "#\r\n",   ",\r\n",   ",1.\r\n",       ",.5\r\n",
        ",1e\r\n", "(\r\n",   "(-0\r\n", "(01\r\n", "=3\r\ntxt\r\n", "=5\r\ntxt;v\r\n",
        "=-1\r\n", "!-1\r\n", "%-1\r\n", "~-1\r\n", ">-1\r\n",       "*1\r\n>1\r\n:1\r\n",
        ">?\r\n",  "%?\r\n",  "~?\r\n",  ";4\r\n",  ".\r\n"})
    for (const std::size_t piece : {1U, 100U})
      BOOST_TEST_CONTEXT(bytes)
  BOOST_TEST(parse_in_pieces(bytes, piece) == "refused");
}

BOOST_AUTO_TEST_CASE(limits_refuse_before_memory_is_taken) {
  NewsLimits limits;
  limits.largest_bulk = 10;
  limits.most_elements = 6;
  limits.largest_frame = 100;
  limits.longest_line = 20;
  limits.deepest = 3;
  const auto parse = [&](const std::string& bytes) { return parse_in_pieces(bytes, 3, limits); };
  BOOST_TEST(parse("$10\r\n0123456789\r\n") == "$0123456789,");
  BOOST_TEST(parse("$11\r\n") == "refused");
  BOOST_TEST(parse("*6\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n") == "*[:1,:1,:1,:1,:1,:1,],");
  BOOST_TEST(parse("*7\r\n") == "refused");
  BOOST_TEST(parse("%4\r\n") == "refused");
  BOOST_TEST(parse("*3\r\n*4\r\n") == "refused");
  BOOST_TEST(parse(levels_of(3)) == "*[*[*[:1,],],],");
  BOOST_TEST(parse(levels_of(4)) == "refused");
  BOOST_TEST(parse("+" + std::string(20, 'x') + "\r\n") == "+" + std::string(20, 'x') + ",");
  BOOST_TEST(parse("+" + std::string(21, 'x')) == "refused");
  const std::string line = "+" + std::string(20, 'x') + "\r\n";
  BOOST_TEST(parse("*4\r\n" + line + line + line + line) != "refused");
  BOOST_TEST(parse("*5\r\n" + line + line + line + line + line) == "refused");
  for (const auto* const bytes : {"*1048577\r\n", "%1048576\r\n", "$131073\r\n", "*99999999999999999999\r\n"})
    BOOST_TEST(parse_in_pieces(bytes, 100) == "refused");
}

BOOST_AUTO_TEST_CASE(many_keys_in_one_message_and_many_messages_go_through) {
  std::string message = ">2\r\n" + bulk("invalidate") + "*100000\r\n";
  for (int key = 0; key < 100'000; ++key)
    message += bulk("key:" + std::to_string(key));
  NewsParser parser;
  std::size_t frames = 0;
  std::size_t elements = 0;
  std::string_view left;
  for (int round = 0; round < 3; ++round) {
    left = message;
    while (!left.empty()) {
      const auto room = parser.room();
      const auto count = std::min(room.size(), left.size());
      std::memcpy(room.data(), left.data(), count);
      parser.received(count);
      left.remove_prefix(count);
      while (parser.next() == NewsParser::Verdict::frame) {
        ++frames;
        elements += parser.frame().size();
        BOOST_TEST(parser.frame().text(parser.frame().size() - 1) == "key:99999");
      }
    }
  }
  BOOST_TEST(frames == 3U);
  BOOST_TEST(elements == 3U * 100'003U);
}

BOOST_AUTO_TEST_SUITE_END()
