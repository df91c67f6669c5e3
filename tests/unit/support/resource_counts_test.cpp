#include "support/file_descriptor.hpp"
#include "support/resource_balance.hpp"
#include "support/support_thread.hpp"
#include "support/temporary_directory.hpp"
#include "support/wait_until.hpp"

#include <mutex>
#include <thread>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>

using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(resource_counts)

BOOST_AUTO_TEST_CASE(an_open_descriptor_is_counted_and_described) {
  const std::size_t before = open_descriptors();
  {
    const FileDescriptor opened(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
    BOOST_TEST(open_descriptors() == before + 1);
    const auto lines = describe_descriptors();
    BOOST_TEST(std::count(lines.begin(), lines.end(), std::to_string(opened.get()) + " -> /dev/zero") == 1);
  }
  BOOST_TEST(open_descriptors() == before);
}

BOOST_AUTO_TEST_CASE(threads_are_counted_but_not_those_of_the_support) {
  std::thread([] {}).join();  // with the first thread ThreadSanitizer starts one of its own
  const std::size_t before = thread_count();
  std::mutex gate;
  std::unique_lock closed(gate);
  std::thread own([&] { const std::lock_guard pass(gate); });
  std::thread support = start_support_thread("test", [&] { const std::lock_guard pass(gate); });
  BOOST_TEST(thread_count() == before + 1);
  closed.unlock();
  own.join();
  support.join();
  // A joined thread may stay in /proc for a moment.
  BOOST_TEST(wait_until([&] { return thread_count() == before; }));
}

BOOST_AUTO_TEST_CASE(a_balance_names_what_was_left_open) {
  const ResourceBalance balance;
  BOOST_TEST(balance.excess() == "");
  const FileDescriptor forgotten(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  const std::string excess = balance.excess(std::chrono::milliseconds(2));
  BOOST_TEST(excess.find(std::to_string(forgotten.get()) + " -> /dev/zero") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_temporary_directory_goes_with_everything_in_it) {
  std::filesystem::path path;
  {
    const TemporaryDirectory directory;
    path = directory.path();
    std::filesystem::create_directory(path / "inner");
    const std::string file = directory.write("inner/file", std::string("a\0b", 3));
    BOOST_TEST(read_file(file) == std::string("a\0b", 3));
  }
  BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(waiting_for_what_never_comes_ends_at_the_limit) {
  int tries = 0;
  BOOST_TEST(!wait_until([&] { return ++tries < 0; }, std::chrono::milliseconds(5)));
  BOOST_TEST(tries >= 2);
}

BOOST_AUTO_TEST_SUITE_END()
