#include "redis/wire/reply_stream.hpp"

#include "hostile_replies.hpp"

#include <cstring>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;

namespace {

std::string describe(const Reply& reply) {
  switch (reply.kind) {
    case ReplyKind::none:
      return "none";
    case ReplyKind::nil:
      return "nil";
    case ReplyKind::integer:
      return std::to_string(reply.integer);
    case ReplyKind::status:
      return "+" + std::string(reply.text());
    case ReplyKind::error:
      return "-" + std::string(reply.text());
    case ReplyKind::bulk:
      return "'" + std::string(reply.text()) + "'";
    case ReplyKind::array:
      break;
  }
  std::string text = "[";
  for (const auto& element : reply.elements)
    text += describe(element) + " ";
  return text + "]";
}

/// Everything that comes out when the bytes come in pieces; "refused" at the end of a refused stream.
std::vector<std::string> read_in_pieces(const std::string& bytes, std::size_t piece) {
  ReplyStream stream({});
  std::vector<std::string> replies;
  Reply reply;
  std::size_t at = 0;
  while (at < bytes.size()) {
    std::array<iovec, 2> places;
    const auto count = stream.room(places);
    std::size_t given = 0;
    for (std::size_t index = 0; index < count; ++index) {
      const auto size = std::min({places[index].iov_len, piece - given, bytes.size() - at});
      std::memcpy(places[index].iov_base, bytes.data() + at, size);
      at += size;
      given += size;
      if (size < places[index].iov_len) break;
    }
    stream.received(given);
    for (;;) {
      const auto progress = stream.next(reply);
      if (progress == ReplyStream::Progress::more) break;
      if (progress != ReplyStream::Progress::complete) {
        replies.emplace_back("refused");
        return replies;
      }
      replies.push_back(describe(reply));
      reply = {};
    }
  }
  return replies;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reply_stream)

BOOST_AUTO_TEST_CASE(replies_are_read_however_the_bytes_come) {
  const std::string large(100'000, 'L');
  const std::string bytes =
      "+OK\r\n-ERR no\r\n:42\r\n:-7\r\n$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n$3\r\na\r\n\r\n"
      "*3\r\n$3\r\nabc\r\n*2\r\n:1\r\n$-1\r\n+x\r\n$100000\r\n" +
      large + "\r\n*2\r\n$100000\r\n" + large + "\r\n$1\r\nz\r\n+END\r\n";
  const std::vector<std::string> expected{"+OK",
                                          "-ERR no",
                                          "42",
                                          "-7",
                                          "nil",
                                          "nil",
                                          "[]",
                                          "''",
                                          "'a\r\n'",
                                          "['abc' [1 nil ] +x ]",
                                          "'" + large + "'",
                                          "['" + large + "' 'z' ]",
                                          "+END"};
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 100U, 16384U, 1000000U})
    BOOST_TEST((read_in_pieces(bytes, piece) == expected), "in pieces of " << piece);
}

BOOST_AUTO_TEST_CASE(numbers_are_read_to_the_last_digit_beside_arrays_and_within) {
  const std::string bytes =
      ":0\r\n:9\r\n:123456789012345678\r\n:1234567890123456789\r\n:9223372036854775807\r\n"
      ":-9223372036854775808\r\n*1\r\n:5\r\n+OK\r\n:-1\r\n*2\r\n:1\r\n:2\r\n$1\r\nx\r\n:3\r\n";
  const std::vector<std::string> expected{"0",
                                          "9",
                                          "123456789012345678",
                                          "1234567890123456789",
                                          "9223372036854775807",
                                          "-9223372036854775808",
                                          "[5 ]",
                                          "+OK",
                                          "-1",
                                          "[1 2 ]",
                                          "'x'",
                                          "3"};
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece)
    BOOST_TEST((read_in_pieces(bytes, piece) == expected), "in pieces of " << piece);
  for (const char* const wrong :
       {":-0\r\n", ":01\r\n", ":\r\n", ":-\r\n", ":1\n\r", ":9223372036854775808\r\n"})
    for (const std::size_t piece : {1U, 3U, 100U})
      BOOST_TEST((read_in_pieces(wrong, piece) == std::vector<std::string>{"refused"}), wrong);
}

BOOST_AUTO_TEST_CASE(every_split_of_a_reply_gives_the_same) {
  const std::string bytes = "$11\r\nhello world\r\n*2\r\n$5\r\nhello\r\n-ERR\r\n";
  for (std::size_t split = 1; split < bytes.size(); ++split) {
    ReplyStream stream({});
    std::string found;
    std::size_t at = 0;
    for (const std::size_t end : {split, bytes.size()}) {
      while (at < end) {
        std::array<iovec, 2> places;
        stream.room(places);
        const auto size = std::min(places[0].iov_len, end - at);
        std::memcpy(places[0].iov_base, bytes.data() + at, size);
        at += size;
        stream.received(size);
        static Reply reply;
        while (stream.next(reply) == ReplyStream::Progress::complete)
          found += describe(std::exchange(reply, {}));
      }
    }
    BOOST_TEST(found == "'hello world'['hello' -ERR ]", "split at " << split);
  }
}

BOOST_AUTO_TEST_CASE(hostile_replies_are_refused) {
  for (const auto& hostile : test::hostile_replies())
    for (const std::size_t piece : {1U, 5U, 16384U})
      BOOST_TEST((read_in_pieces(hostile.bytes, piece).back() == "refused"), hostile.name);
}

BOOST_AUTO_TEST_CASE(a_promise_of_many_elements_allocates_nothing) {
  ReplyStream stream({});
  std::array<iovec, 2> places;
  stream.room(places);
  const std::string bytes = "*1048576\r\n";
  std::memcpy(places[0].iov_base, bytes.data(), bytes.size());
  stream.received(bytes.size());
  Reply reply;
  BOOST_TEST((stream.next(reply) == ReplyStream::Progress::more));
  BOOST_TEST(reply.elements.capacity() <= 1000U);
}

BOOST_AUTO_TEST_SUITE_END()
