#pragma once

#include "rate_limit/sliding_window.hpp"
#include "rate_limit/token_bucket.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::rate_limits {

/// A window of redis-kit has a member for everything that was taken, and a server does nothing else
/// meanwhile.
inline constexpr std::uint64_t greatest_window_of_redis_kit = 100'000;
inline constexpr std::uint64_t greatest_cost_of_redis_kit = 1000;

/// How a limit stands on Redis: its keys, and the script that takes from it. The script is called with the
/// arguments of the rule, the cost, and, when it `needs_member`, a text of 24 hexadecimal digits that no
/// other call has. It answers {allowed, remaining, retry after, reset after}, times in milliseconds.
struct RedisForm {
  struct Key {
    std::string before;  // the limit's own key
    std::string after;
  };

  std::vector<Key> keys;
  std::string script;
  std::vector<std::string> arguments;
  bool needs_member = false;
  std::uint64_t most_cost = std::numeric_limits<std::uint64_t>::max();

  [[nodiscard]] std::vector<std::string> keys_of(std::string_view key) const {
    std::vector<std::string> made;
    made.reserve(keys.size());
    for (const auto& each : keys)
      made.push_back(std::string(each.before).append(key).append(each.after));
    return made;
  }
};

[[nodiscard]] RedisForm own_form(const TokenBucket& rule, const std::string& prefix);
[[nodiscard]] RedisForm own_form(const SlidingWindow& rule, const std::string& prefix);
[[nodiscard]] RedisForm redis_kit_form(const TokenBucket& rule, const std::string& prefix);
[[nodiscard]] RedisForm redis_kit_form(const SlidingWindow& rule, const std::string& prefix);

}  // namespace cachesite::rate_limits
