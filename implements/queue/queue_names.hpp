#pragma once

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/queue.hpp>
#include <cachesite/result.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace cachesite::queue {

inline void check_name(std::string_view name) {
  if (name.empty() || name.size() > IQueueSite::longest_name)
    throw std::invalid_argument("the name of a queue is 1 to 1024 bytes long");
}

[[noreturn]] inline void throw_not_connected(const char* end, std::string_view name) {
  throw std::runtime_error("Cannot create " + std::string(end) + " for queue '" + std::string(name) +
                           "' - Redis not connected");
}

template <class Call>
Result<QueueCounts> guarded_counts(Call&& call) noexcept {
  return guarded_call<QueueCounts>([&]() -> Result<QueueCounts> {
    try {
      return call();
    } catch (const std::invalid_argument& wrong) {
      return Error(ErrorCode::bad_argument, wrong.what());
    }
  });
}

}  // namespace cachesite::queue
