#include <cachesite/detail/testing/recording_logger.hpp>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(recording_logger)

BOOST_AUTO_TEST_CASE(messages_are_kept_from_a_level_on) {
  testing::RecordingLogger logger(LogLevel::warning);
  logger.info("not kept");
  logger.warning("kept", {{"host", "localhost"}});
  logger.log(LogLevel::error, "redis", "kept too");
  BOOST_TEST(logger.text() == "warning : kept host=localhost\nerror redis: kept too\n");
  BOOST_TEST(logger.count() == 2u);
  BOOST_TEST(logger.count(LogLevel::error) == 1u);
  BOOST_TEST(logger.count(LogLevel::debug, "host=localhost") == 1u);
  logger.clear();
  BOOST_TEST(logger.records().empty());
}

BOOST_AUTO_TEST_SUITE_END()
