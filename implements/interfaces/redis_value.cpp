#include <cachesite/detail/redis_value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

namespace {

constexpr std::string_view to_string(RedisValue::Kind kind) noexcept {
  switch (kind) {
    case RedisValue::Kind::nil:
      return "nothing";
    case RedisValue::Kind::integer:
      return "an integer";
    case RedisValue::Kind::text:
      return "a text";
    case RedisValue::Kind::error:
      return "an error";
    case RedisValue::Kind::list:
      return "a list";
  }
  return "something unknown";
}

}  // namespace

Result<std::int64_t> RedisValue::as_integer() const {
  if (kind_ != Kind::integer) return mismatch("an integer");
  return integer_;
}

Result<std::string> RedisValue::as_text() const {
  if (kind_ != Kind::text) return mismatch("a text");
  return std::string(text());
}

Result<std::optional<std::string>> RedisValue::as_optional_text() const {
  if (kind_ == Kind::nil) return std::optional<std::string>();
  if (kind_ != Kind::text) return mismatch("a text or nothing");
  return std::optional<std::string>(text());
}

Result<std::vector<RedisValue>> RedisValue::as_list() const {
  if (kind_ != Kind::list) return mismatch("a list");
  return elements_;
}

Status RedisValue::as_status() const {
  if (kind_ == Kind::error) return mismatch("a success");
  return Done{};
}

bool RedisValue::equals(const RedisValue& other) const noexcept {
  return kind_ == other.kind_ && integer_ == other.integer_ && text_ == other.text_ &&
         elements_ == other.elements_;
}

Error RedisValue::mismatch(std::string_view expected) const {
  if (kind_ == Kind::error) return Error(ErrorCode::refused, std::string(text()));
  return Error(ErrorCode::protocol, "the server answered with " + std::string(to_string(kind_)) +
                                        " instead of " + std::string(expected));
}

}  // namespace cachesite
