#include "redis/wire/frame_gate.hpp"

#include "hostile_replies.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;

namespace {

/// The sizes of the replies found when the bytes come in pieces; a negative number ends a refused stream.
std::vector<long> scan_in_pieces(const std::string& bytes, std::size_t piece, FrameLimits limits = {},
                                 std::size_t announce_from = SIZE_MAX) {
  FrameGate gate(limits, announce_from);
  std::vector<long> frames;
  long frame = 0;
  for (std::size_t begin = 0; begin < bytes.size(); begin += piece) {
    const auto end = std::min(bytes.size(), begin + piece);
    std::size_t at = begin;
    while (at < end) {
      const auto step = gate.scan(bytes.data() + at, end - at);
      at += step.taken;
      frame += static_cast<long>(step.taken);
      if (step.verdict == FrameGate::Verdict::refused) {
        frames.push_back(-1);
        return frames;
      }
      if (step.verdict == FrameGate::Verdict::frame) {
        frames.push_back(frame);
        frame = 0;
      }
    }
  }
  if (frame != 0) frames.push_back(-frame - 1);
  return frames;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(frame_gate)

BOOST_AUTO_TEST_CASE(replies_end_where_they_end_however_the_bytes_come) {
  const std::vector<std::string> replies{
      "+OK\r\n",
      "+\r\n",
      "-ERR no\r\n",
      ":0\r\n",
      ":-1\r\n",
      ":9223372036854775807\r\n",
      ":-9223372036854775808\r\n",
      "$-1\r\n",
      "*-1\r\n",
      "*0\r\n",
      "$0\r\n\r\n",
      "$3\r\nabc\r\n",
      "$11\r\n\r\n$-1\r\n*5\r\n\r\n",
      "*2\r\n$3\r\nabc\r\n:5\r\n",
      "*3\r\n*0\r\n*-1\r\n*1\r\n*1\r\n+x\r\n",
      "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
      "+" + std::string(4096, 'x') + "\r\n",
  };
  std::string all;
  std::vector<long> sizes;
  for (const auto& reply : replies) {
    all += reply;
    sizes.push_back(static_cast<long>(reply.size()));
  }
  for (const std::size_t piece : {1U, 2U, 3U, 5U, 7U, 64U, 100000U})
    for (const std::size_t announce_from : {std::size_t{1}, SIZE_MAX})
      BOOST_TEST(scan_in_pieces(all, piece, {}, announce_from) == sizes, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(hostile_replies_are_refused_however_the_bytes_come) {
  for (const auto& hostile : test::hostile_replies())
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 4096U, 10000000U})
      for (const std::size_t announce_from : {std::size_t{1}, SIZE_MAX})
        BOOST_TEST(scan_in_pieces(hostile.bytes, piece, {}, announce_from).back() == -1,
                   hostile.name << " in pieces of " << piece);
}

BOOST_AUTO_TEST_CASE(a_refusal_says_why_and_whether_a_limit_was_the_reason) {
  FrameGate malformed;
  BOOST_TEST((malformed.scan("$3\r\nabcX", 8).verdict == FrameGate::Verdict::refused));
  BOOST_TEST(!malformed.too_large());
  BOOST_TEST(malformed.problem() == "a value in the reply is longer than it says");
  FrameGate large;
  BOOST_TEST((large.scan("$99999999999\r\n", 14).verdict == FrameGate::Verdict::refused));
  BOOST_TEST(large.too_large());
  BOOST_TEST((large.scan("+OK\r\n", 5).verdict == FrameGate::Verdict::refused));
}

BOOST_AUTO_TEST_CASE(a_payload_of_its_own_is_announced_and_can_be_taken_elsewhere) {
  FrameGate gate({}, 3);
  const std::string bytes = "$5\r\nabcde\r\n$2\r\nab\r\n*1\r\n$9\r\nabcdefghi\r\n";
  auto step = gate.scan(bytes.data(), bytes.size());
  BOOST_TEST((step.verdict == FrameGate::Verdict::payload));
  BOOST_TEST(step.taken == 4U);
  BOOST_TEST(gate.payload_left() == 5U);
  gate.skip(5);
  step = gate.scan(bytes.data() + 9, bytes.size() - 9);
  BOOST_TEST((step.verdict == FrameGate::Verdict::frame));
  BOOST_TEST(step.taken == 2U);
  step = gate.scan(bytes.data() + 11, bytes.size() - 11);
  BOOST_TEST((step.verdict == FrameGate::Verdict::frame));
  BOOST_TEST(step.taken == 8U);
  step = gate.scan(bytes.data() + 19, bytes.size() - 19);
  BOOST_TEST((step.verdict == FrameGate::Verdict::frame));
  BOOST_TEST(step.taken == 19U);
}

BOOST_AUTO_TEST_CASE(a_whole_reply_is_bounded_too) {
  FrameLimits limits;
  limits.largest_frame = 100;
  BOOST_TEST(scan_in_pieces("*3\r\n$40\r\n" + std::string(40, 'x') + "\r\n$40\r\n" + std::string(40, 'x') +
                                "\r\n$40\r\n",
                            1000, limits)
                 .back() == -1);
}

BOOST_AUTO_TEST_CASE(a_value_is_as_long_as_the_limit_and_no_byte_longer_wherever_it_stands) {
  const std::string small = "$1\r\nx\r\n";
  for (const std::size_t limit : {1U, 8U, 9U, 10U, 11U, 99U, 100U, 1000U, 4096U}) {
    FrameLimits limits;
    limits.largest_bulk = limit;
    for (const std::size_t size : {limit, limit + 1}) {
      const std::string value = "$" + std::to_string(size) + "\r\n" + std::string(size, 'v') + "\r\n";
      for (const std::string& reply :
           {value, "*1\r\n" + value, "*2\r\n" + value + small, "*2\r\n" + small + value,
            "*3\r\n" + small + value + small, "*3\r\n" + value + small + small,
            "*2\r\n*2\r\n" + value + small + small}) {
        for (const std::size_t piece : {1U, 2U, 3U, 7U, 64U, 1'000'000U})
          for (const std::size_t announce_from : {std::size_t{1}, SIZE_MAX})
            BOOST_TEST(
                scan_in_pieces(reply, piece, limits, announce_from).back() ==
                    (size > limit ? -1 : static_cast<long>(reply.size())),
                size << " bytes, limit " << limit << ", pieces of " << piece << ": " << reply.substr(0, 12));
        FrameGate gate(limits);
        std::size_t at = 0;
        while (at < reply.size() && !gate.too_large()) {
          const auto step = gate.scan(reply.data() + at, reply.size() - at);
          if (step.verdict == FrameGate::Verdict::refused) break;
          at += step.taken;
        }
        BOOST_TEST(gate.too_large() == (size > limit));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_other_limit_is_kept_to_the_byte_too) {
  FrameLimits limits;
  limits.longest_line = 20;
  limits.most_elements = 10;
  limits.deepest = 3;
  limits.largest_frame = 50;
  const auto bulk = [](std::size_t size) {
    return "$" + std::to_string(size) + "\r\n" + std::string(size, 'v') + "\r\n";
  };
  const auto times = [](std::size_t count, const std::string& text) {
    std::string all;
    while (count-- > 0)
      all += text;
    return all;
  };
  struct Row {
    const char* what;
    std::string within, beyond;
  };
  const std::vector<Row> rows = {
      {"status", "+" + std::string(20, 'x') + "\r\n", "+" + std::string(21, 'x') + "\r\n"},
      {"error", "-" + std::string(20, 'x') + "\r\n", "-" + std::string(21, 'x') + "\r\n"},
      {"status in a list", "*2\r\n+" + std::string(20, 'x') + "\r\n:1\r\n",
       "*2\r\n+" + std::string(21, 'x') + "\r\n:1\r\n"},
      {"elements", "*10\r\n" + times(10, ":1\r\n"), "*11\r\n" + times(11, ":1\r\n")},
      {"elements of lists in lists", "*2\r\n*4\r\n" + times(4, ":1\r\n") + "*4\r\n" + times(4, ":1\r\n"),
       "*2\r\n*4\r\n" + times(4, ":1\r\n") + "*5\r\n" + times(5, ":1\r\n")},
      {"depth", times(3, "*1\r\n") + ":1\r\n", times(4, "*1\r\n") + ":1\r\n"},
      {"bytes of a list", "*3\r\n" + bulk(20) + bulk(20) + bulk(4), "*3\r\n" + bulk(20) + bulk(20) + bulk(5)},
      {"bytes of a list, the largest first", "*3\r\n" + bulk(22) + bulk(20) + bulk(2),
       "*3\r\n" + bulk(22) + bulk(20) + bulk(3)},
      {"bytes before the last of a list", "*3\r\n" + bulk(20) + bulk(26) + ":1\r\n",
       "*3\r\n" + bulk(20) + bulk(27) + ":1\r\n"},
  };
  for (const auto& row : rows)
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 20U, 1'000'000U})
      for (const std::size_t announce_from : {std::size_t{1}, SIZE_MAX}) {
        // A reply before it leaves nothing behind.
        const std::string first = "*1\r\n$9\r\nvvvvvvvvv\r\n";
        const std::vector<long> whole{static_cast<long>(first.size()), static_cast<long>(row.within.size())};
        BOOST_TEST(scan_in_pieces(first + row.within, piece, limits, announce_from) == whole,
                   row.what << ", pieces of " << piece);
        BOOST_TEST(scan_in_pieces(first + row.beyond, piece, limits, announce_from).back() == -1,
                   row.what << ", pieces of " << piece);
      }
}

BOOST_AUTO_TEST_SUITE_END()
