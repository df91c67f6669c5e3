// Errors are made where memory has run out: in functions that must not throw.

#include "basics/guarded_log.hpp"
#include "support/collecting_logger.hpp"
#include "support/failing_allocations.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using test::FailingAllocations;

namespace {

constexpr auto sentence = "a sentence that is longer than what a std::string holds without memory";

Error made_without_memory() noexcept {
  return Error(ErrorCode::closed, sentence, Outcome::unknown);
}

template <class Thrown>
Result<int> called_without_memory(const Thrown& thrown) noexcept {
  return guarded_call<int>([&]() -> Result<int> { throw thrown; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(error_shortage)

BOOST_AUTO_TEST_CASE(an_error_of_a_literal_without_memory_has_its_code_alone) {
  FailingAllocations no_memory(FailingAllocations::On::this_thread, 0, FailingAllocations::all);
  const Error error = made_without_memory();
  no_memory.end();
  BOOST_TEST(no_memory.reached());
  BOOST_TEST(to_string(error.code()) == "closed");
  BOOST_TEST((error.outcome() == Outcome::unknown));
  BOOST_TEST(error.message() == "closed");
  BOOST_TEST(made_without_memory().message() == sentence);
}

BOOST_AUTO_TEST_CASE(a_guarded_call_that_throws_without_memory_gives_the_code_of_the_failure) {
  const std::runtime_error refused(sentence);
  FailingAllocations no_memory(FailingAllocations::On::this_thread, 0, FailingAllocations::all);
  const auto by_refusal = called_without_memory(refused);
  const auto by_memory = called_without_memory(std::bad_alloc());
  no_memory.end();
  BOOST_TEST(to_string(by_refusal.error().code()) == "refused");
  BOOST_TEST(to_string(by_memory.error().code()) == "no_memory");
  BOOST_TEST(called_without_memory(refused).error().message() == sentence);
}

BOOST_AUTO_TEST_CASE(a_shortage_of_threads_or_descriptors_is_no_memory_with_its_words) {
  for (const auto code : {std::errc::resource_unavailable_try_again, std::errc::too_many_files_open,
                          std::errc::too_many_files_open_in_system, std::errc::not_enough_memory}) {
    const auto failed = called_without_memory(std::system_error(std::make_error_code(code), "the queue"));
    BOOST_TEST(to_string(failed.error().code()) == "no_memory");
    BOOST_TEST(failed.error().message().find("the queue") == 0U);
  }
  const auto other =
      called_without_memory(std::system_error(std::make_error_code(std::errc::permission_denied)));
  BOOST_TEST(to_string(other.error().code()) == "refused");
}

BOOST_AUTO_TEST_CASE(a_guarded_message_without_memory_is_left_out) {
  test::CollectingLogger logger;
  const auto text = [] { return std::string(sentence); };
  {
    const FailingAllocations no_memory(FailingAllocations::On::this_thread, 0, FailingAllocations::all);
    basics::log_guarded(logger, LogLevel::warning, "redis", text);
  }
  BOOST_TEST(logger.count() == 0U);
  basics::log_guarded(logger, LogLevel::warning, "redis", text);
  BOOST_TEST(logger.count(LogLevel::warning, sentence) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
