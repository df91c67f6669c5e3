// What is remembered of failures: pauses that grow, and the failures themselves.

#include "layers/remember/failure_memory.hpp"

#include <chrono>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using remembering::FailureMemory;
using remembering::pause_after;

namespace {

const Error away(ErrorCode::unreachable, "away");
const IClock::TimePoint start(1000h);
constexpr FailureMemory::Pauses pauses{1s, 8s};

}  // namespace

BOOST_AUTO_TEST_SUITE(failure_memory)

BOOST_AUTO_TEST_CASE(pauses_double_up_to_the_longest_and_differ_by_a_fifth_at_most) {
  for (const std::uint64_t hash : {1U, 77U, 123'456'789U}) {
    auto usual = 1000ms;
    for (std::uint64_t failures = 1; failures < 40; ++failures) {
      const auto pause = pause_after(failures, hash, pauses);
      BOOST_TEST((pause >= usual * 8 / 10));
      BOOST_TEST((pause <= usual * 12 / 10));
      BOOST_TEST((pause == pause_after(failures, hash, pauses)));
      usual = std::min(usual * 2, 8000ms);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_key_is_throttled_until_its_pause_ends) {
  FailureMemory memory;
  BOOST_TEST(!memory.throttles("k", start));
  memory.failed("k", away, pauses, 0ms, start);
  BOOST_TEST(memory.throttles("k", start + 799ms));
  BOOST_TEST(!memory.throttles("other", start));
  BOOST_TEST(!memory.throttles("k", start + 1201ms));
  memory.failed("k", away, pauses, 0ms, start + 2s);
  BOOST_TEST(memory.throttles("k", start + 2s + 1599ms));
  BOOST_TEST(!memory.throttles("k", start + 2s + 2401ms));
  memory.succeeded("k");
  memory.failed("k", away, pauses, 0ms, start + 10s);
  BOOST_TEST(!memory.throttles("k", start + 10s + 1201ms));
}

BOOST_AUTO_TEST_CASE(without_a_pause_nothing_is_throttled) {
  FailureMemory memory;
  memory.failed("k", away, {0ms, 8s}, 0ms, start);
  BOOST_TEST(!memory.throttles("k", start));
}

BOOST_AUTO_TEST_CASE(a_failure_is_remembered_for_its_time_or_until_a_success) {
  FailureMemory memory;
  memory.failed("k", away, pauses, 5s, start);
  BOOST_TEST(memory.error_of("k", start + 4999ms)->message() == "away");
  BOOST_TEST(!memory.error_of("other", start));
  BOOST_TEST(!memory.error_of("k", start + 5s));
  memory.failed("k", away, pauses, 5s, start);
  memory.succeeded("k");
  BOOST_TEST(!memory.error_of("k", start));
}

BOOST_AUTO_TEST_CASE(both_tables_are_bounded_and_forget_what_ends_first) {
  FailureMemory memory;
  const auto keys = static_cast<int>(FailureMemory::most_errors) + 10;
  for (int key = 0; key < keys; ++key)
    memory.failed(std::to_string(key), away, pauses, 1h, start + std::chrono::milliseconds(key));
  BOOST_TEST(!memory.error_of("0", start + 20s));
  BOOST_TEST(!memory.error_of("9", start + 20s));
  BOOST_TEST(memory.error_of("10", start + 20s).has_value());
  BOOST_TEST(memory.error_of(std::to_string(keys - 1), start + 20s).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
