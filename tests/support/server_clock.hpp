#pragma once

#include "support/redis_server.hpp"
#include "support/shared_numbers.hpp"
#include "support/temporary_directory.hpp"

#include <chrono>
#include <cstdlib>
#include <utility>

namespace cachesite::test {

/// A real redis-server whose time of day stands still until a test sets it, forwards or back. Its steady
/// clock goes on. Programs that use it define CACHESITE_SERVER_CLOCK_PRELOAD (see
/// tests/support/CMakeLists.txt).
class RedisServerWithClock {
 public:
  explicit RedisServerWithClock(RedisServerOptions options = {}) : time_(folder_.file("clock")) {
    time_[0] = std::chrono::microseconds(std::chrono::seconds(1'700'000'000)).count();
    ::setenv("CACHESITE_SERVER_CLOCK", folder_.file("clock").c_str(), 1);
    ::setenv("LD_PRELOAD", CACHESITE_SERVER_CLOCK_PRELOAD, 1);
    // That thread waits until a time of day that has passed already, for ever and without rest.
    options.directives.emplace_back("jemalloc-bg-thread no");
    server_ = std::make_unique<RedisServer>(std::move(options));
    ::unsetenv("LD_PRELOAD");
  }

  RedisServer* operator->() { return server_.get(); }
  RedisServer& operator*() { return *server_; }

  /// Moves the time of day; less than 0 sets it back.
  void advance(std::chrono::microseconds length) { time_[0] += length.count(); }

 private:
  TemporaryDirectory folder_;
  SharedNumbers<1> time_;
  std::unique_ptr<RedisServer> server_;
};

}  // namespace cachesite::test
