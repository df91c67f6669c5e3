#include "support/process.hpp"

#include "support/temporary_directory.hpp"
#include "support/wait_until.hpp"

#include <csignal>
#include <thread>

#include <boost/test/unit_test.hpp>

using namespace cachesite::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(process)

BOOST_AUTO_TEST_CASE(output_errors_and_status_are_captured) {
  const ProcessResult result = run_process({"sh", "-c", "echo out; echo err >&2; exit 7"});
  BOOST_TEST(result.status.value() == 7);
  BOOST_TEST(result.output == "out\n");
  BOOST_TEST(result.errors == "err\n");
}

BOOST_AUTO_TEST_CASE(input_reaches_the_program_byte_for_byte) {
  std::string bytes;
  for (int repeat = 0; repeat < 4096; ++repeat) {
    for (int byte = 0; byte < 256; ++byte)
      bytes += static_cast<char>(byte);
  }
  BOOST_TEST((run_process({"cat"}, {.input = bytes}).output == bytes));
}

BOOST_AUTO_TEST_CASE(input_can_be_fed_step_by_step) {
  Process process({"cat"}, {.keep_input_open = true});
  process.write_input("one\n");
  BOOST_TEST(process.wait_for_output("one\n"));
  process.write_input("two\n");
  BOOST_TEST(process.wait_for_output("two\n"));
  process.close_input();
  BOOST_TEST(process.wait_for_exit().value() == 0);
}

BOOST_AUTO_TEST_CASE(feeding_a_program_that_has_gone_is_an_exception_and_no_signal) {
  Process process({"true"}, {.keep_input_open = true});
  BOOST_TEST(process.wait_for_exit().value() == 0);
  BOOST_CHECK_THROW(process.write_input("late"), std::system_error);
}

BOOST_AUTO_TEST_CASE(the_environment_and_the_directory_can_be_changed) {
  const TemporaryDirectory directory;
  const ProcessResult result =
      run_process({"sh", "-c", "echo \"$CACHESITE_SUPPORT_TEST:${HOME-unset}\"; pwd"},
                  {.environment = {{"CACHESITE_SUPPORT_TEST", "here"}, {"HOME", std::nullopt}},
                   .directory = directory.path().string()});
  BOOST_TEST(result.output == "here:unset\n" + directory.path().string() + "\n");
}

BOOST_AUTO_TEST_CASE(a_missing_program_is_reported_at_the_start) {
  BOOST_CHECK_THROW(Process({"/nonexistent/program"}), std::system_error);
}

BOOST_AUTO_TEST_CASE(a_killed_program_ends_with_its_signal) {
  Process process({"sleep", "1000"});
  BOOST_TEST(process.running());
  BOOST_TEST(!process.wait_for_exit(0ms).has_value());
  process.kill();
  BOOST_TEST(process.wait_for_exit().value() == 128 + SIGKILL);
}

BOOST_AUTO_TEST_CASE(a_program_that_does_not_end_in_time_is_killed) {
  BOOST_TEST(!run_process({"sleep", "1000"}, {}, 20ms).status.has_value());
}

BOOST_AUTO_TEST_CASE(a_child_outlives_the_thread_that_started_it) {
  std::optional<Process> process;
  std::thread([&] {
    process.emplace(std::vector<std::string>{"sh", "-c", "read line; exit 5"},
                    ProcessOptions{.keep_input_open = true});
  }).join();
  process->write_input("go\n");
  BOOST_TEST(process->wait_for_exit().value() == 5);
}

BOOST_AUTO_TEST_CASE(a_child_inherits_no_descriptor_but_the_standard_ones) {
  int ends[2];
  BOOST_REQUIRE(::pipe(ends) == 0);
  const FileDescriptor read_end(ends[0]);
  const FileDescriptor write_end(ends[1]);
  BOOST_TEST(run_process({"sh", "-c", "ls /proc/$$/fd"}).output == "0\n1\n2\n");
}

BOOST_AUTO_TEST_CASE(a_failed_checked_run_says_what_happened) {
  BOOST_CHECK_EXCEPTION(
      run_checked({"sh", "-c", "echo because >&2; exit 3"}), std::runtime_error, [](const auto& failure) {
        return std::string(failure.what()) == "sh -c echo because >&2; exit 3 ended with 3\nbecause\n";
      });
}

BOOST_AUTO_TEST_SUITE_END()
