#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace cachesite {

/// A Lua script for Redis, with the name under which servers keep it: the SHA-1 of its text in hexadecimal
/// digits. `IRedis::make_script` makes one. A script is a value: make it once, run it as often as needed,
/// from any thread.
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

}  // namespace cachesite
