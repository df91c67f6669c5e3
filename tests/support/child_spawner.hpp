#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace cachesite::test {

struct SpawnRequest {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string directory;
  int input = -1;
  int output = -1;
  int errors = -1;
};

/// Starts children from one thread that lives as long as the process. The parent-death signal of Linux fires
/// when the *thread* that forked ends, so a server started from a short-lived test thread would die with that
/// thread. Throws std::system_error when the program cannot be executed.
pid_t spawn_child(const SpawnRequest& request);

}  // namespace cachesite::test
