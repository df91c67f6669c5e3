#pragma once

#include "support/file_descriptor.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace cachesite::test {

struct ProcessOptions {
  /// Changes to the inherited environment; an absent value removes the name.
  std::map<std::string, std::optional<std::string>> environment = {};
  /// Working directory; empty: the caller's.
  std::string directory = {};
  /// All of standard input. Absent: empty input, or a pipe when `keep_input_open`.
  std::optional<std::string> input = {};
  /// Standard input is a pipe that `write_input` feeds until `close_input`.
  bool keep_input_open = false;
};

/// A child process in its own process group that dies when this process dies.
/// What it prints goes to memory files, so it never blocks on a full pipe. The destructor kills what still
/// runs.
class Process {
 public:
  /// `arguments[0]` is the program, searched in PATH when it holds no slash. Throws when it cannot be
  /// executed.
  explicit Process(std::vector<std::string> arguments, ProcessOptions options = {});
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  pid_t pid() const { return pid_; }
  bool running();
  /// Sends a signal to the process (not to its group). No effect once it has ended.
  void signal(int number);
  /// SIGSTOP. Returns once the process stands still; SIGCONT lets it go on.
  void freeze();
  /// SIGKILL to the whole group, then waits for the end.
  void kill();
  /// SIGTERM, waits up to `limit`, then `kill()`. Returns whether the process ended by itself.
  bool terminate(std::chrono::milliseconds limit = std::chrono::seconds(10));

  /// The exit status when the process ends within `limit`: its code, or 128 + signal number.
  std::optional<int> wait_for_exit(std::chrono::milliseconds limit = std::chrono::seconds(30));

  void write_input(std::string_view bytes);
  void close_input() { input_.reset(); }

  /// What the process printed so far.
  std::string output() const;
  std::string errors() const;
  bool wait_for_output(std::string_view text, std::chrono::milliseconds limit = std::chrono::seconds(10));

 private:
  void finish();

  pid_t pid_ = -1;
  std::optional<int> status_;
  FileDescriptor input_;
  FileDescriptor output_;
  FileDescriptor errors_;
};

struct ProcessResult {
  /// The exit code, 128 + signal number, or absent when the limit passed and the process was killed.
  std::optional<int> status;
  std::string output;
  std::string errors;
};

/// Runs a program to its end.
ProcessResult run_process(std::vector<std::string> arguments, ProcessOptions options = {},
                          std::chrono::milliseconds limit = std::chrono::seconds(60));

/// `run_process` that throws, with what the program printed, unless it exits with 0. Returns standard output.
std::string run_checked(std::vector<std::string> arguments, ProcessOptions options = {},
                        std::chrono::milliseconds limit = std::chrono::seconds(60));

}  // namespace cachesite::test
