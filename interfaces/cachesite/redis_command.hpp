#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/detail/time_span.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace cachesite {

/// A Lua script for Redis, with the SHA-1 of its text, by which servers find it. `IRedis::make_script` makes
/// one. A script is a value: make it once, run it as often as needed, from any thread.
class RedisScript {
 public:
  RedisScript(std::string text, std::string sha1) noexcept : text_(std::move(text)), sha1_(std::move(sha1)) {}

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// 40 lower-case hexadecimal digits.
  [[nodiscard]] const std::string& sha1() const noexcept { return sha1_; }

 private:
  std::string text_;
  std::string sha1_;
};

/// A command for Redis with its arguments and its rules for sending. Arguments are any bytes and are copied,
/// so a command can be kept, changed and sent again.
///
///     redis->call({"SET", key, value, "PX", 5000});
///     redis->call(RedisCommand("GET", key).repeatable().timeout(100ms));
class RedisCommand {
 public:
  /// The name and the arguments: bytes (whatever ByteView converts from) or numbers, which are sent in
  /// decimal form.
  template <class... Arguments>
  RedisCommand(std::string_view name, const Arguments&... arguments) {
    ends_.reserve(1 + sizeof...(arguments));
    add(ByteView(name));
    (add(arguments), ...);
  }

  /// Adds an argument.
  RedisCommand& add(ByteView argument);
  template <class Number>
  requires((std::integral<Number> && !std::same_as<Number, bool> && !std::same_as<Number, char>) ||
           std::floating_point<Number>) RedisCommand& add(Number number) {
    std::array<char, 64> digits;
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    return add(std::string_view(digits.data(), static_cast<std::size_t>(written.ptr - digits.data())));
  }

  /// Marks the command as idempotent. Then it is sent again when the connection ends before its answer;
  /// otherwise such a call fails with `Outcome::unknown`. A command that was not sent completely is always
  /// sent again, since the server cannot have executed it.
  RedisCommand& repeatable(bool repeatable = true) noexcept {
    repeatable_ = repeatable;
    return *this;
  }
  /// Longest time of the call, including the wait for a connection; at least 1 ms. Without it,
  /// `socket_timeout` of the component.
  RedisCommand& timeout(TimeSpan timeout) noexcept {
    timeout_ = timeout.milliseconds();
    return *this;
  }

  /// Number of arguments, including the name.
  [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
  /// An argument; 0 is the name. Precondition: index < size().
  [[nodiscard]] std::string_view operator[](std::size_t index) const noexcept {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(bytes_).substr(begin, ends_[index] - begin);
  }
  [[nodiscard]] std::string_view name() const noexcept { return (*this)[0]; }
  [[nodiscard]] bool is_repeatable() const noexcept { return repeatable_; }
  [[nodiscard]] std::optional<std::chrono::milliseconds> timeout() const noexcept { return timeout_; }

 private:
  std::string bytes_;              // all arguments, one behind the other
  std::vector<std::size_t> ends_;  // where each ends
  std::optional<std::chrono::milliseconds> timeout_;
  bool repeatable_ = false;
};

}  // namespace cachesite
