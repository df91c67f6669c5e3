#include "support/process.hpp"

#include "support/child_spawner.hpp"
#include "support/system_failure.hpp"
#include "support/wait_until.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace cachesite::test {
namespace {

FileDescriptor memory_file(const char* name) {
  FileDescriptor file(::memfd_create(name, MFD_CLOEXEC));
  if (!file) throw system_failure("memfd_create");
  return file;
}

FileDescriptor output_file(const char* name) {
  FileDescriptor file = memory_file(name);
  ::fcntl(file.get(), F_SETFL, O_APPEND);
  return file;
}

void write_all(int target, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(target, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_failure("write");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string content(const FileDescriptor& file) {
  std::string result;
  char buffer[16384];
  for (;;) {
    const ssize_t count = ::pread(file.get(), buffer, sizeof buffer, static_cast<off_t>(result.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return result;
    result.append(buffer, static_cast<std::size_t>(count));
  }
}

char process_state(pid_t pid) {
  std::ifstream stream("/proc/" + std::to_string(pid) + "/stat");
  const std::string line((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  const std::size_t name_end = line.rfind(')');
  return name_end == std::string::npos || name_end + 2 >= line.size() ? '?' : line[name_end + 2];
}

std::vector<std::string> changed_environment(
    const std::map<std::string, std::optional<std::string>>& changes) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string name(*entry, std::strcspn(*entry, "="));
    if (changes.find(name) == changes.end()) result.emplace_back(*entry);
  }
  for (const auto& [name, value] : changes) {
    if (value) result.push_back(name + "=" + *value);
  }
  return result;
}

}  // namespace

Process::Process(std::vector<std::string> arguments, ProcessOptions options)
    : output_(output_file("output")), errors_(output_file("errors")) {
  if (arguments.empty()) throw std::invalid_argument("a process needs a program");
  FileDescriptor child_input;
  if (options.input) {
    child_input = memory_file("input");
    write_all(child_input.get(), *options.input);
    ::lseek(child_input.get(), 0, SEEK_SET);
  } else if (options.keep_input_open) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw system_failure("pipe");
    child_input = FileDescriptor(ends[0]);
    input_ = FileDescriptor(ends[1]);
  } else {
    child_input = FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  SpawnRequest request;
  request.arguments = std::move(arguments);
  request.environment = changed_environment(options.environment);
  request.directory = std::move(options.directory);
  request.input = child_input.get();
  request.output = output_.get();
  request.errors = errors_.get();
  pid_ = spawn_child(request);
}

Process::Process(Process&& other) noexcept {
  *this = std::move(other);
}

Process& Process::operator=(Process&& other) noexcept {
  if (this == &other) return *this;
  finish();
  pid_ = std::exchange(other.pid_, -1);
  status_ = std::exchange(other.status_, std::nullopt);
  input_ = std::move(other.input_);
  output_ = std::move(other.output_);
  errors_ = std::move(other.errors_);
  return *this;
}

Process::~Process() {
  finish();
}

void Process::finish() {
  if (pid_ > 0) kill();
}

bool Process::running() {
  if (pid_ <= 0 || status_) return false;
  int status = 0;
  const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
  if (ended == 0 || (ended < 0 && errno == EINTR)) return true;
  if (ended < 0) {
    status_ = -1;
  } else {
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return false;
}

void Process::signal(int number) {
  if (running()) ::kill(pid_, number);
}

void Process::freeze() {
  signal(SIGSTOP);
  if (!wait_until([&] { return process_state(pid_) == 'T'; }))
    throw std::runtime_error("a process does not stand still");
}

void Process::kill() {
  if (pid_ <= 0) return;
  // The leader is not yet reaped, so the group number cannot belong to anybody else.
  if (running()) ::kill(-pid_, SIGKILL);
  wait_until([&] { return !running(); });
}

bool Process::terminate(std::chrono::milliseconds limit) {
  signal(SIGTERM);
  signal(SIGCONT);
  const bool ended = wait_until([&] { return !running(); }, limit);
  if (!ended) kill();
  return ended;
}

std::optional<int> Process::wait_for_exit(std::chrono::milliseconds limit) {
  wait_until([&] { return !running(); }, limit);
  return status_;
}

void Process::write_input(std::string_view bytes) {
  // A write to a child that has gone raises SIGPIPE in the calling thread: keep it away and take it off
  // again.
  sigset_t pipe_signal;
  sigset_t before;
  ::sigemptyset(&pipe_signal);
  ::sigaddset(&pipe_signal, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  try {
    write_all(input_.get(), bytes);
  } catch (...) {
    const timespec at_once{0, 0};
    ::sigtimedwait(&pipe_signal, nullptr, &at_once);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

std::string Process::output() const {
  return content(output_);
}

std::string Process::errors() const {
  return content(errors_);
}

bool Process::wait_for_output(std::string_view text, std::chrono::milliseconds limit) {
  const auto seen = [&] { return output().find(text) != std::string::npos; };
  wait_until([&] { return seen() || !running(); }, limit);
  return seen();
}

ProcessResult run_process(std::vector<std::string> arguments, ProcessOptions options,
                          std::chrono::milliseconds limit) {
  Process process(std::move(arguments), std::move(options));
  ProcessResult result;
  result.status = process.wait_for_exit(limit);
  process.kill();
  result.output = process.output();
  result.errors = process.errors();
  return result;
}

std::string run_checked(std::vector<std::string> arguments, ProcessOptions options,
                        std::chrono::milliseconds limit) {
  std::string command;
  for (const std::string& argument : arguments)
    command += (command.empty() ? "" : " ") + argument;
  ProcessResult result = run_process(std::move(arguments), std::move(options), limit);
  if (result.status != 0) {
    throw std::runtime_error(
        command + (result.status ? " ended with " + std::to_string(*result.status) : " did not end") + "\n" +
        result.output + result.errors);
  }
  return std::move(result.output);
}

}  // namespace cachesite::test
