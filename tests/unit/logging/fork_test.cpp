#include "support/file_descriptor.hpp"
#include "support/wait_until.hpp"

#include <cachesite/console_logger.hpp>

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace cachesite;
using cachesite::test::FileDescriptor;
using cachesite::test::wait_until;

namespace {

// Makes the standard error stream a pipe while it lives.
class ErrorsIntoPipe {
 public:
  ErrorsIntoPipe() : before_(::dup(STDERR_FILENO)) {
    std::array<int, 2> ends{};
    BOOST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    read_end_ = FileDescriptor(ends[0]);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[1]);
    ::fcntl(STDERR_FILENO, F_SETPIPE_SZ, 4096);
    ::fcntl(read_end_.get(), F_SETFL, O_NONBLOCK);
  }
  ~ErrorsIntoPipe() { ::dup2(before_.get(), STDERR_FILENO); }

  [[nodiscard]] int waiting() const {
    int bytes = 0;
    ::ioctl(read_end_.get(), FIONREAD, &bytes);
    return bytes;
  }
  void drain() const {
    std::array<char, 4096> bytes;
    while (::read(read_end_.get(), bytes.data(), bytes.size()) > 0) {
    }
  }

 private:
  FileDescriptor before_;
  FileDescriptor read_end_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(logging_in_a_forked_child)

BOOST_AUTO_TEST_CASE(a_child_logs_though_a_thread_of_its_parent_was_just_writing) {
  ConsoleLogger logger;
  int status = -1;
  pid_t child = -1;
  {
    const ErrorsIntoPipe pipe;
    std::atomic<bool> over{false};
    // Longer than the pipe has room for: the writer stays in the middle of the line.
    std::thread writer([&] {
      logger.write(LogLevel::error, "fork", std::string(100'000, 'x'), {});
      over = true;
    });
    const bool full = wait_until([&] { return pipe.waiting() >= 4096; });
    child = ::fork();
    if (child == 0) {
      ::alarm(60);
      ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
      logger.write(LogLevel::error, "fork", "of the child", {});
      ::_exit(full && !over ? 0 : 1);
    }
    ::waitpid(child, &status, 0);
    wait_until([&] {
      pipe.drain();
      return over.load();
    });
    writer.join();
  }
  BOOST_TEST(child > 0);
  BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_SUITE_END()
