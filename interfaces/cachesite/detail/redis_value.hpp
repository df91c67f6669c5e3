#pragma once

#include <cachesite/result.hpp>
#include <cachesite/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

/// An answer of Redis: nil, a number, text (any bytes), an error, or a list of answers.
///
/// The plain readers (`integer`, `text`, `elements`) never fail: they return 0, "" or an empty list when the
/// answer is of another kind. The strict ones (`as_integer` ...) fail instead: `refused` with the server's
/// text for an error, `protocol` for an answer of another kind.
///
/// Thread safety: that of a standard container.
class RedisValue {
 public:
  enum class Kind : std::uint8_t {
    nil,      ///< no value
    integer,  ///< an integer
    text,     ///< bytes: a stored value, or a word such as "OK"
    error,    ///< an error; `text()` is its text, such as "WRONGTYPE ..."
    list,     ///< any number of answers, which may be of any kind
  };

  /// Nothing.
  RedisValue() noexcept = default;
  explicit RedisValue(std::int64_t integer) noexcept : kind_(Kind::integer), integer_(integer) {}
  /// Text, or with `kind` an error.
  explicit RedisValue(Value text, Kind kind = Kind::text) noexcept : kind_(kind), text_(std::move(text)) {}
  explicit RedisValue(std::vector<RedisValue> elements) noexcept
      : kind_(Kind::list), elements_(std::move(elements)) {}

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_nil() const noexcept { return kind_ == Kind::nil; }
  [[nodiscard]] bool is_error() const noexcept { return kind_ == Kind::error; }

  [[nodiscard]] std::int64_t integer() const noexcept { return integer_; }
  /// The bytes of a text or the sentence of an error; valid as long as this object is not changed.
  [[nodiscard]] std::string_view text() const noexcept { return text_.text(); }
  [[nodiscard]] const Value& value() const noexcept { return text_; }
  [[nodiscard]] const std::vector<RedisValue>& elements() const noexcept { return elements_; }

  /// The number.
  [[nodiscard]] Result<std::int64_t> as_integer() const;
  /// A copy of the text.
  [[nodiscard]] Result<std::string> as_text() const;
  /// A copy of the text, or std::nullopt for nothing.
  [[nodiscard]] Result<std::optional<std::string>> as_optional_text() const;
  /// A copy of the list.
  [[nodiscard]] Result<std::vector<RedisValue>> as_list() const;
  /// Succeeds for anything but an error.
  [[nodiscard]] Status as_status() const;

  /// Equal when the kinds and everything in them are equal.
  friend bool operator==(const RedisValue& left, const RedisValue& right) noexcept {
    return left.equals(right);
  }

 private:
  [[nodiscard]] bool equals(const RedisValue& other) const noexcept;

  [[nodiscard]] Error mismatch(std::string_view expected) const;
  Kind kind_ = Kind::nil;
  std::int64_t integer_ = 0;
  Value text_;
  std::vector<RedisValue> elements_;
};

}  // namespace cachesite
