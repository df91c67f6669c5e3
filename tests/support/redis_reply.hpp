#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::test {

/// One RESP2 value, as a test sees it. Written independently of the library under test, on purpose.
struct RedisReply {
  enum class Kind { status, error, integer, bulk, array, null };

  Kind kind = Kind::null;
  /// The text of a status, error or bulk.
  std::string text = {};
  std::int64_t integer = 0;
  std::vector<RedisReply> elements = {};

  bool is_error() const { return kind == Kind::error; }
  bool is_null() const { return kind == Kind::null; }
  /// One line for messages: `["a", 3, nil]`, `ERR text`, `"bytes\x00"`.
  std::string describe() const;

  bool operator==(const RedisReply&) const = default;
};

std::ostream& operator<<(std::ostream& stream, const RedisReply& reply);

/// The command as an array of bulks.
std::string encode_command(const std::vector<std::string>& arguments);

/// Bytes of replies, for scripts: `bulk("a")` is "$1\r\na\r\n".
std::string bulk(std::string_view bytes);
std::string array(const std::vector<std::string>& encoded_elements);

/// Takes one complete value from the front of `bytes` and removes it there; absent when it is not complete
/// yet. Throws std::runtime_error when the bytes are not RESP2.
std::optional<RedisReply> take_reply(std::string& bytes);

}  // namespace cachesite::test
