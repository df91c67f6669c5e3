#pragma once

#include "support/process.hpp"
#include "support/redis_server.hpp"
#include "support/temporary_directory.hpp"

#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace cachesite::test {

/// The program `cachesite` on a cache of a real server, named "shop".
struct Tool {
  explicit Tool(const std::string& further_parameters = {}) {
    std::ofstream(file) << "- class: RedisCache\n"
                           "  entries: [{interface: ICache, name: shop}]\n"
                           "  host: 127.0.0.1\n"
                           "  socket_timeout: 5s\n"
                           "  socket_connect_timeout: 5s\n"
                           "  port: "
                        << server.port()
                        << "\n"
                           "  prefix: \"shop[1]:\"\n"
                        << further_parameters;
  }

  ProcessResult run(std::vector<std::string> words, ProcessOptions options = {}) {
    return run_process(command(std::move(words)), std::move(options));
  }
  /// With what a shell writes after a command, such as `> /dev/full`.
  ProcessResult run_redirected(const std::string& redirection, std::vector<std::string> words) {
    words = command(std::move(words));
    words.insert(words.begin(), {"sh", "-c", "exec \"$0\" \"$@\" " + redirection});
    return run_process(words);
  }
  /// The exit status and what was printed.
  std::string answer(std::vector<std::string> words) {
    const auto result = run(std::move(words));
    return std::to_string(result.status.value_or(-1)) + " " + result.output;
  }
  /// The exit status and what was complained of.
  std::string complaint(std::vector<std::string> words) {
    const auto result = run(std::move(words));
    return std::to_string(result.status.value_or(-1)) + " " + result.errors;
  }

  RedisServer server;
  RedisProbe probe = server.probe();
  TemporaryDirectory directory;
  const std::string file = (directory.path() / "caches.yml").string();

 private:
  std::vector<std::string> command(std::vector<std::string> words) const {
    words.insert(words.begin(), {CACHESITE_TOOL_PROGRAM, "-c", file});
    return words;
  }
};

}  // namespace cachesite::test
