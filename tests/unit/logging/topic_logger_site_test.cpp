#include "support/odd_files.hpp"
#include "support/temporary_directory.hpp"

#include <cachesite/logger.hpp>
#include <cachesite/topic_logger_site.hpp>

#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

namespace {

/// A logger site that writes one file.
struct FileSite {
  test::TemporaryDirectory folder;
  TopicLoggerSiteOptions options;

  explicit FileSite(LogFormat format = LogFormat::text) {
    LogSinkOptions sink;
    sink.kind = LogSinkOptions::Kind::file;
    sink.format = format;
    sink.path = folder.file("logs/shop.log");
    options.sinks = {sink};
    options.level = LogLevel::info;
  }
  [[nodiscard]] std::string content() const { return test::read_file(options.sinks.front().path); }
  /// Without the times, which come first.
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> result;
    std::string rest = content();
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      result.push_back(rest.substr(0, end).substr(std::min(end, rest.find(' ') + 1)));
      rest.erase(0, end == std::string::npos ? end : end + 1);
    }
    return result;
  }
};

void throw_nested() {
  try {
    throw std::runtime_error("permission denied");
  } catch (...) {
    std::throw_with_nested(std::logic_error("cannot save"));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(topic_logger_site)

BOOST_AUTO_TEST_CASE(a_message_has_level_topic_text_and_attributes) {
  FileSite site;
  TopicLoggerSite loggers(site.options);
  const auto logger = loggers.get_logger("shop");
  logger->info("sold", {{"item", "tea"}, {"price", "3"}});
  logger->debug("not shown");
  logger->write(LogLevel::error, "redis", "lost", {});
  logger->critical("fire");
  const std::vector<std::string> expected{"info [shop] sold item=tea price=3", "error [redis] lost",
                                          "critical [shop] fire"};
  BOOST_TEST(site.lines() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_error_has_its_cause_with_everything_nested_in_it) {
  FileSite site;
  TopicLoggerSite loggers(site.options);
  const auto logger = loggers.get_logger("shop");
  try {
    throw_nested();
  } catch (...) {
    logger->error("the order is lost", {{"order", "7"}}, std::current_exception());
    logger->error("", {}, std::current_exception());
  }
  const std::vector<std::string> expected{
      "error [shop] the order is lost order=7 error=cannot save: permission denied",
      "error [shop] cannot save: permission denied"};
  BOOST_TEST(site.lines() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_topic_has_the_level_of_the_nearest_topic_above_it) {
  FileSite site;
  site.options.topics = {
      {"shop", LogLevel::error}, {"shop.orders", LogLevel::debug}, {"quiet", LogLevel::off}};
  TopicLoggerSite loggers(site.options);
  BOOST_TEST((loggers.level("shop.orders.late") == LogLevel::debug));
  BOOST_TEST((loggers.level("shop.stock") == LogLevel::error));
  BOOST_TEST((loggers.level("shopping") == LogLevel::info));
  BOOST_TEST(loggers.get_logger("shop.orders.late")->enabled(LogLevel::debug));
  BOOST_TEST(!loggers.get_logger("shop.stock")->enabled(LogLevel::warning));
  BOOST_TEST(!loggers.get_logger("quiet")->enabled(LogLevel::critical));
  const auto stock = loggers.get_logger("shop.stock");
  loggers.set_level("shop.stock", LogLevel::debug);
  BOOST_TEST(stock->enabled(LogLevel::debug));
  loggers.write(LogLevel::info, "shop", "no", {});
  loggers.write(LogLevel::info, "shop.stock", "yes", {});
  BOOST_TEST(site.lines() == std::vector<std::string>{"info [shop.stock] yes"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(json_lines_are_one_object_each_whatever_they_hold) {
  FileSite site(LogFormat::json);
  TopicLoggerSite loggers(site.options);
  loggers.get_logger("s")->warning("a \"quote\"\nand \\ \x01 \xff \xc3\xa4",
                                   {{"key", "va\tlue"}, {"level", "mine"}});
  const auto content = site.content();
  BOOST_TEST(content.substr(content.find(",\"level\"")) ==
             ",\"level\":\"warning\",\"topic\":\"s\",\"message\":\"a \\\"quote\\\"\\u000aand \\\\ \\u0001 "
             "\\ufffd \xc3\xa4\",\"key\":\"va\\u0009lue\",\"attribute_level\":\"mine\"}\n");
  BOOST_TEST(content.substr(0, 11) == "{\"time\":\"20");
}

BOOST_AUTO_TEST_CASE(a_message_in_text_is_one_line_always) {
  FileSite site;
  TopicLoggerSite loggers(site.options);
  loggers.get_logger("s")->info("first\n2026 error [s] forged", {{"a", "b\r\nc"}});
  BOOST_TEST(site.lines() == std::vector<std::string>{"info [s] first\\n2026 error [s] forged a=b\\r\\nc"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_file_is_put_aside_when_it_is_full_and_only_so_many_are_kept) {
  FileSite site;
  site.options.sinks.front().max_bytes = ByteSize{1024};
  site.options.sinks.front().old_files = 2;
  TopicLoggerSite loggers(site.options);
  const auto logger = loggers.get_logger("s");
  for (int line = 0; line < 200; ++line)
    logger->info(std::string(60, 'x'));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(site.folder.path() / "logs")) {
    BOOST_TEST(entry.file_size() <= 1024U);
    ++files;
  }
  BOOST_TEST(files == 3U);
}

BOOST_AUTO_TEST_CASE(each_sink_has_its_own_least_level) {
  FileSite site;
  site.options.sinks.front().level = LogLevel::error;
  TopicLoggerSite loggers(site.options);
  loggers.get_logger("s")->warning("no");
  loggers.get_logger("s")->error("yes");
  BOOST_TEST(site.lines() == std::vector<std::string>{"error [s] yes"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(sinks_that_make_no_sense_are_refused) {
  LogSinkOptions file;
  file.kind = LogSinkOptions::Kind::file;
  TopicLoggerSiteOptions options;
  options.sinks = {file};
  BOOST_CHECK_THROW((void)TopicLoggerSite(options), std::invalid_argument);
  options.sinks = {file, file};
  options.sinks[0].path = options.sinks[1].path = "same.log";
  BOOST_TEST(options.complaints().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_file_is_made_by_the_start_or_by_the_first_message) {
  for (const bool starts : {true, false}) {
    FileSite site;
    const auto folder = site.folder.path() / "logs";
    TopicLoggerSite loggers(site.options);
    BOOST_TEST(!std::filesystem::exists(folder));
    loggers.get_logger("s")->debug("below the level");
    BOOST_TEST(!std::filesystem::exists(folder));
    if (starts) {
      loggers.start();
      BOOST_TEST(site.lines().empty());
      BOOST_TEST(std::filesystem::exists(folder / "shop.log"));
    }
    loggers.get_logger("s")->warning("first");
    BOOST_TEST(site.lines() == std::vector<std::string>{"warning [s] first"},
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_written_is_refused) {
  FileSite site;
  auto& path = site.options.sinks.front().path;
  path = site.folder.write("file", "") + "/a/shop.log";
  BOOST_CHECK_EXCEPTION(
      (void)TopicLoggerSite(site.options), std::runtime_error, [&](const std::runtime_error& error) {
        return std::string(error.what()) ==
               "cannot write the log " + path + ": " + site.folder.file("file") + " is no folder";
      });
  // Who may write everywhere learns from the start alone that nothing can be made there.
  path = "/proc/no/such/folder/log";
  BOOST_CHECK_THROW(TopicLoggerSite(site.options).start(), std::exception);
}

BOOST_AUTO_TEST_CASE(a_path_that_is_no_regular_file_is_refused_at_once) {
  const test::OddFiles odd;
  for (const auto& path : odd.paths()) {
    LogSinkOptions file;
    file.kind = LogSinkOptions::Kind::file;
    file.path = path;
    TopicLoggerSiteOptions options;
    options.sinks = {file};
    BOOST_TEST(odd.when_opened([&]() -> std::string {
      try {
        const TopicLoggerSite site(options);
        return "it was opened";
      } catch (const std::runtime_error& error) {
        return error.what();
      }
    }) == "the log " + path + " is not a regular file");
  }
}

BOOST_AUTO_TEST_CASE(threads_may_log_and_change_levels_at_the_same_time) {
  FileSite site;
  TopicLoggerSite loggers(site.options);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      const auto logger = loggers.get_logger("t" + std::to_string(thread));
      for (int line = 0; line < 100; ++line) {
        logger->info("line");
        if (thread == 0) loggers.set_level("t0.x", line % 2 == 0 ? LogLevel::debug : LogLevel::off);
      }
    });
  for (auto& thread : threads)
    thread.join();
  BOOST_TEST(site.lines().size() == 400U);
}

BOOST_AUTO_TEST_SUITE_END()
