#pragma once

#include <cachesite/data.hpp>
#include <cachesite/serializer.hpp>

#include <string>

namespace cachesite {

/// Settings of a JsonSerializer.
struct JsonOptions {
  /// Bounds for reading.
  DataLimits limits;
  /// Characters beyond ASCII are written as \u escapes.
  bool ascii = false;
};

/// Data as JSON, as Python writes it: UTF-8, ", " and ": " between things, reals in their shortest form, keys
/// that are no text as text, and the literals NaN, Infinity and -Infinity. Whole numbers have up to 308
/// digits.
///
/// What JSON has no form for is written in that of rick's encoder: tuples and sets as lists, dates, decimals
/// and UUIDs as text, bytes as text when they are UTF-8, objects as the map of their fields. It is read back
/// as what it then is. Of a key that stands twice in a map the last one counts.
class JsonSerializer : public DataSerializer<JsonSerializer> {
 public:
  JsonSerializer() noexcept = default;
  explicit JsonSerializer(JsonOptions options) noexcept : options_(options) {}

  /// Appends to `bytes`. Fails with `bad_argument` for text and bytes that are not UTF-8.
  Status write_data(const Data& data, std::string& bytes) const;
  /// Fails with `corrupt` for what is no JSON, and with `too_large` beyond the limits.
  [[nodiscard]] Result<Data> read_data(ByteView bytes) const;

 private:
  JsonOptions options_;
};

}  // namespace cachesite
