#include <cachesite/spdlog_logger.hpp>

#include <memory>
#include <sstream>
#include <stdexcept>

#include <boost/test/unit_test.hpp>
#include <spdlog/sinks/ostream_sink.h>

using namespace cachesite;

namespace {

struct Written {
  std::ostringstream text;
  std::shared_ptr<spdlog::logger> logger =
      std::make_shared<spdlog::logger>("shop", std::make_shared<spdlog::sinks::ostream_sink_st>(text));

  Written() { logger->set_pattern("%n %l %v"); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(spdlog_logger)

BOOST_AUTO_TEST_CASE(messages_go_to_the_logger_that_there_is) {
  Written written;
  SpdlogLogger logger(written.logger);
  logger.write(LogLevel::warning, "redis", "lost {the} server",
               std::vector<LogAttribute>{{"host", "localhost"}});
  logger.error("line\nbreak");
  BOOST_TEST(written.text.str() ==
             "shop warning [redis] lost {the} server host=localhost\n"
             "shop error line\\nbreak\n");
}

BOOST_AUTO_TEST_CASE(the_level_is_that_of_the_logger) {
  Written written;
  SpdlogLogger logger(written.logger);
  BOOST_TEST(!logger.enabled(LogLevel::debug));
  BOOST_TEST(logger.enabled(LogLevel::info));
  written.logger->set_level(spdlog::level::critical);
  BOOST_TEST(!logger.enabled(LogLevel::error));
  BOOST_TEST(logger.enabled(LogLevel::critical));
  BOOST_TEST(!logger.enabled(LogLevel::off));
  logger.error("dropped");
  logger.critical("kept");
  BOOST_TEST(written.text.str() == "shop critical kept\n");
  written.logger->set_level(spdlog::level::off);
  BOOST_TEST(!logger.enabled(LogLevel::critical));
}

BOOST_AUTO_TEST_CASE(it_needs_a_logger) {
  BOOST_CHECK_THROW(SpdlogLogger(nullptr), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
