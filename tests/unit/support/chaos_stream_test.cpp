#include "support/chaos_stream.hpp"

#include <boost/test/unit_test.hpp>

using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

struct Run {
  std::string bytes;
  std::vector<std::size_t> sizes;
  bool cut = false;
  ChaosStream::TimePoint end = {};
};

// Lets a stream run in virtual time until it has nothing more to do.
Run run(ChaosStream& stream, const Faults& faults, std::uint64_t version = 1) {
  Run result;
  for (;;) {
    const auto decision = stream.decide(faults, version, result.end);
    if (decision.next == ChaosStream::Next::nothing) return result;
    if (decision.next == ChaosStream::Next::wait) {
      result.end = decision.when;
    } else if (decision.next == ChaosStream::Next::send) {
      result.bytes += decision.bytes;
      result.sizes.push_back(decision.bytes.size());
      stream.sent(decision.bytes.size(), faults, result.end);
    } else {
      result.cut = true;
      return result;
    }
  }
}

Run run(std::string bytes, const Faults& faults) {
  ChaosStream stream;
  stream.push(std::move(bytes), faults, {});
  return run(stream, faults);
}

std::chrono::milliseconds elapsed(const Run& result) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(result.end - ChaosStream::TimePoint());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(chaos_stream)

BOOST_AUTO_TEST_CASE(bytes_pass_unchanged_without_faults) {
  const Run result = run("0123456789", {});
  BOOST_TEST(result.bytes == "0123456789");
  BOOST_TEST(result.sizes.size() == 1U);
}

BOOST_AUTO_TEST_CASE(exactly_the_wanted_number_of_bytes_passes_before_a_cut) {
  for (std::uint64_t count = 0; count <= 10; ++count) {
    const Run result = run("0123456789", {.cut_after = count});
    BOOST_TEST(result.cut);
    BOOST_TEST(result.bytes == std::string("0123456789").substr(0, count));
  }
  BOOST_TEST(!run("0123456789", {.cut_after = 11}).cut);
}

BOOST_AUTO_TEST_CASE(offsets_count_from_the_moment_the_faults_are_set) {
  ChaosStream stream;
  stream.push("0123456789", {}, {});
  BOOST_TEST(run(stream, {}, 1).bytes.size() == 10U);
  stream.push("abcdef", {}, {});
  BOOST_TEST(run(stream, {.cut_after = 2}, 2).bytes == "ab");
}

BOOST_AUTO_TEST_CASE(a_drip_takes_its_time) {
  const Run result = run("0123456789", {.piece_size = 1, .piece_interval = 100ms});
  BOOST_TEST(result.sizes.size() == 10U);
  BOOST_TEST(result.bytes == "0123456789");
  BOOST_TEST(elapsed(result).count() == 900);
}

BOOST_AUTO_TEST_CASE(bandwidth_and_delay_add_up) {
  const Run result = run(std::string(2000, 'x'), {.bytes_per_second = 1000, .delay = 500ms});
  BOOST_TEST(result.bytes.size() == 2000U);
  BOOST_TEST(elapsed(result).count() == 2490);
}

BOOST_AUTO_TEST_CASE(jitter_keeps_the_order) {
  const Faults faults{.delay = 1ms, .jitter = 50ms};
  ChaosStream stream;
  for (char letter = 'a'; letter <= 'z'; ++letter)
    stream.push(std::string(1, letter), faults, {});
  const Run result = run(stream, faults);
  BOOST_TEST(result.bytes == "abcdefghijklmnopqrstuvwxyz");
  BOOST_TEST(elapsed(result).count() > 1);
  BOOST_TEST(elapsed(result).count() <= 51);
}

BOOST_AUTO_TEST_CASE(one_byte_or_every_nth_byte_is_corrupted) {
  BOOST_TEST(run("aaaaaa", {.corrupt_at = 0}).bytes == "`aaaaa");
  BOOST_TEST(run("aaaaaa", {.corrupt_at = 4}).bytes == "aaaa`a");
  BOOST_TEST(run("aaaaaa", {.corrupt_at = 6}).bytes == "aaaaaa");
  BOOST_TEST(run("aaaaaa", {.corrupt_every = 3}).bytes == "aa`aa`");
  BOOST_TEST(run("aaaaaa", {.piece_size = 2, .corrupt_every = 1}).bytes == "``````");
}

BOOST_AUTO_TEST_CASE(held_bytes_go_on_later_and_discarded_ones_do_not) {
  ChaosStream stream;
  stream.push("held", {}, {});
  BOOST_TEST(run(stream, {.flow = Flow::hold}, 1).bytes.empty());
  BOOST_TEST(run(stream, {}, 2).bytes == "held");
  stream.push("lost", {}, {});
  BOOST_TEST(run(stream, {.flow = Flow::discard}, 3).bytes.empty());
  BOOST_TEST(run(stream, {}, 4).bytes.empty());
}

BOOST_AUTO_TEST_SUITE_END()
