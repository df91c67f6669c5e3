#include "support/failing_allocations.hpp"
#include "support/failing_threads.hpp"
#include "support/support_thread.hpp"

#include <cerrno>
#include <memory>
#include <new>
#include <system_error>
#include <thread>

#include <boost/test/unit_test.hpp>

using cachesite::test::FailingAllocations;
using cachesite::test::FailingThreads;
using cachesite::test::start_support_thread;

namespace {

bool starts_a_thread() {
  try {
    std::thread([] {}).join();
    return true;
  } catch (const std::system_error& failure) {
    BOOST_TEST(failure.code().value() == EAGAIN);
    return false;
  }
}

bool allocates() {
  try {
    const auto volatile_size = std::make_unique<int>(7);
    return volatile_size != nullptr;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shortage)

BOOST_AUTO_TEST_CASE(the_chosen_thread_starts_fail_and_no_others) {
  BOOST_TEST(starts_a_thread());
  FailingThreads failures(1, 2);
  BOOST_TEST(starts_a_thread());
  BOOST_TEST(!starts_a_thread());
  BOOST_TEST(!starts_a_thread());
  BOOST_TEST(starts_a_thread());
  BOOST_TEST(failures.seen() == 4);
  BOOST_TEST(failures.failed() == 2);
}

BOOST_AUTO_TEST_CASE(all_thread_starts_fail_until_the_end_but_those_of_the_support) {
  FailingThreads failures;
  for (int i = 0; i < 3; ++i)
    BOOST_TEST(!starts_a_thread());
  start_support_thread("test", [] {}).join();
  BOOST_TEST(failures.seen() == 3);
  failures.end();
  BOOST_TEST(starts_a_thread());
}

BOOST_AUTO_TEST_CASE(the_chosen_allocations_of_the_thread_fail_and_no_others) {
  FailingAllocations failures(FailingAllocations::On::this_thread, 1, 2);
  const bool first = allocates();
  const bool reached_early = failures.reached();
  const bool second = allocates();
  const bool reached = failures.reached();
  const bool third = allocates();
  const bool fourth = allocates();
  failures.end();
  BOOST_TEST((first && !second && !third && fourth));
  BOOST_TEST((reached && !reached_early));
  BOOST_TEST(failures.seen() == 4);
}

BOOST_AUTO_TEST_CASE(allocations_fail_on_all_other_threads_but_those_of_the_support) {
  bool on_other = true;
  bool on_support = false;
  std::thread other;
  FailingAllocations failures(FailingAllocations::On::other_threads, 0, FailingAllocations::all);
  const bool here = allocates();
  std::thread([&] { on_other = allocates(); }).join();
  start_support_thread("test", [&] { on_support = allocates(); }).join();
  failures.end();
  BOOST_TEST((here && on_support && !on_other));
}

BOOST_AUTO_TEST_SUITE_END()
