#pragma once

#include "support/resource_counts.hpp"
#include "support/wait_until.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace cachesite::test {

/// Descriptors and threads at one moment, to be compared with a later one. Make it after the servers and
/// proxies of the test and ask it once what is tested has gone:
///
///     const ResourceBalance balance;
///     { RedisCache cache(...); ... }
///     BOOST_TEST(balance.excess() == "");
class ResourceBalance {
 public:
  ResourceBalance() : descriptors_(open_descriptors()), threads_(thread_count()) {}

  /// Empty when no more descriptors and threads are there than at the beginning; otherwise says what is.
  /// Waits up to `limit`, because a thread that was joined may still be listed for a moment.
  std::string excess(std::chrono::milliseconds limit = std::chrono::seconds(5)) const {
    if (wait_until([&] { return open_descriptors() <= descriptors_ && thread_count() <= threads_; }, limit))
      return {};
    std::string text = std::to_string(descriptors_) + " descriptors and " + std::to_string(threads_) +
                       " threads became " + std::to_string(open_descriptors()) + " and " +
                       std::to_string(thread_count());
    for (const std::string& line : describe_descriptors())
      text += "\n" + line;
    return text;
  }

 private:
  std::size_t descriptors_;
  std::size_t threads_;
};

}  // namespace cachesite::test
