#include "support/collecting_logger.hpp"
#include "support/fake_clock.hpp"

#include <thread>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(observers)

BOOST_AUTO_TEST_CASE(a_fake_clock_moves_only_when_told) {
  FakeClock clock;
  const IClock::TimePoint start = clock.now();
  BOOST_TEST((clock.now() == start));
  clock.advance(90min);
  BOOST_TEST((clock.now() - start == 90min));
}

BOOST_AUTO_TEST_CASE(a_collecting_logger_keeps_messages_with_their_attributes) {
  CollectingLogger logger(LogLevel::info);
  const LogAttribute attributes[] = {{"host", "localhost"}, {"port", "6379"}};
  logger.write(LogLevel::warning, "redis", "cannot connect", attributes);
  logger.log(LogLevel::info, "site", "ready");
  logger.log(LogLevel::debug, "site", "too low");
  BOOST_TEST(!logger.enabled(LogLevel::debug));
  BOOST_TEST(logger.text() == "warning redis: cannot connect host=localhost port=6379\ninfo site: ready\n");
  BOOST_TEST(logger.count(LogLevel::warning) == 1U);
  BOOST_TEST(logger.count(LogLevel::debug, "port=6379") == 1U);
  logger.clear();
  BOOST_TEST(logger.records().empty());
}

BOOST_AUTO_TEST_CASE(messages_of_another_thread_can_be_awaited) {
  CollectingLogger logger;
  std::thread writer([&] {
    for (int count = 0; count < 10; ++count)
      logger.log(LogLevel::error, "test", "again");
  });
  BOOST_TEST(logger.wait_for_count(10, LogLevel::error, "again"));
  writer.join();
  BOOST_TEST(!logger.wait_for_count(11, LogLevel::error, "again", 5ms));
}

BOOST_AUTO_TEST_SUITE_END()
