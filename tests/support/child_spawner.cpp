#include "support/child_spawner.hpp"

#include "support/file_descriptor.hpp"
#include "support/support_thread.hpp"
#include "support/system_failure.hpp"

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cachesite::test {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const std::string& text : texts)
    result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

struct Prepared {
  std::vector<char*> arguments;
  std::vector<char*> environment;
  const char* directory;
  int input, output, errors, report;
  pid_t parent;
};

// Between fork and exec of a process with threads only async-signal-safe calls are allowed.
[[noreturn]] void become(const Prepared& child) {
  const auto fail = [&] {
    const int reason = errno;
    if (::write(child.report, &reason, sizeof reason) < 0) ::_exit(126);
    ::_exit(127);
  };
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != child.parent) ::_exit(125);
  for (int number = 1; number < 32; ++number) {
    if (number != SIGKILL && number != SIGSTOP) ::signal(number, SIG_DFL);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (*child.directory != '\0' && ::chdir(child.directory) != 0) fail();
  if (::dup2(child.input, 0) < 0 || ::dup2(child.output, 1) < 0 || ::dup2(child.errors, 2) < 0) fail();
#ifdef SYS_close_range
  // A descriptor that the code under test forgot to mark close-on-exec must not keep a connection alive in a
  // server.
  constexpr unsigned mark_close_on_exec = 4;
  ::syscall(SYS_close_range, 3U, ~0U, mark_close_on_exec);
#endif
  ::execvpe(child.arguments[0], child.arguments.data(), child.environment.data());
  fail();
  ::_exit(127);
}

pid_t spawn(const SpawnRequest& request) {
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) throw system_failure("pipe");
  FileDescriptor report_read(report[0]);
  FileDescriptor report_write(report[1]);
  const Prepared child{pointers(request.arguments),
                       pointers(request.environment),
                       request.directory.c_str(),
                       request.input,
                       request.output,
                       request.errors,
                       report_write.get(),
                       ::getpid()};
  const pid_t pid = ::fork();
  if (pid < 0) throw system_failure("fork");
  if (pid == 0) become(child);
  ::setpgid(pid, pid);
  report_write.reset();
  int reason = 0;
  ssize_t count = 0;
  do {
    count = ::read(report_read.get(), &reason, sizeof reason);
  } while (count < 0 && errno == EINTR);
  if (count == static_cast<ssize_t>(sizeof reason)) {
    ::waitpid(pid, nullptr, 0);
    throw std::system_error(reason, std::generic_category(), "cannot execute " + request.arguments.at(0));
  }
  return pid;
}

class Spawner {
 public:
  Spawner() : thread_(start_support_thread("spawn", [this] { run(); })) {}

  ~Spawner() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  pid_t start(const SpawnRequest& request) {
    std::packaged_task<pid_t()> task([&] { return spawn(request); });
    auto result = task.get_future();
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_all();
    return result.get();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return ending_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<pid_t()>> tasks_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace

pid_t spawn_child(const SpawnRequest& request) {
  static Spawner spawner;
  return spawner.start(request);
}

}  // namespace cachesite::test
