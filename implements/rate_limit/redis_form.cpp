#include "rate_limit/redis_form.hpp"

#include "rate_limit/redis_scripts.hpp"

#include <array>
#include <charconv>
#include <cstdint>

namespace cachesite::rate_limits {

namespace {

std::string text_of(std::int64_t number) {
  return std::to_string(number);
}

// The shortest text that is read back as the same number.
std::string text_of(double number) {
  std::array<char, 64> digits;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  return {digits.data(), written.ptr};
}

std::string limit_of(const auto& rule) {
  return std::to_string(rule.limit());
}

}  // namespace

RedisForm own_form(const TokenBucket& rule, const std::string& prefix) {
  const auto full = static_cast<std::int64_t>(rule.limit()) * rule.period();
  return {.keys = {{prefix, ""}},
          .script = scripts::take_tokens,
          .arguments = {text_of(rule.gain()), text_of(rule.period()), text_of(full)}};
}

RedisForm own_form(const SlidingWindow& rule, const std::string& prefix) {
  return {.keys = {{prefix, ""}},
          .script = scripts::take_from_window,
          .arguments = {limit_of(rule), text_of(rule.window()), text_of(rule.step())}};
}

RedisForm redis_kit_form(const TokenBucket& rule, const std::string& prefix) {
  const double rate = static_cast<double>(rule.gain()) * 1000 / static_cast<double>(rule.period());
  const auto whole_seconds = (rule.in_force() + 999) / 1000;
  return {.keys = {{"{" + prefix + ":", "}:tokens"}, {"{" + prefix + ":", "}:ts"}},
          .script = scripts::take_tokens_of_redis_kit,
          .arguments = {text_of(rate), limit_of(rule), text_of(2 * whole_seconds)}};
}

RedisForm redis_kit_form(const SlidingWindow& rule, const std::string& prefix) {
  return {.keys = {{prefix + ":", ""}},
          .script = scripts::take_from_window_of_redis_kit,
          .arguments = {limit_of(rule), text_of(rule.window())},
          .needs_member = true,
          .most_cost = greatest_cost_of_redis_kit};
}

}  // namespace cachesite::rate_limits
