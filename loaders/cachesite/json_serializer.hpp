#pragma once

#include <cachesite/data.hpp>
#include <cachesite/serializer.hpp>

#include <string>

namespace cachesite {

/// Settings of a JsonSerializer.
struct JsonOptions {
  /// Limits for reading.
  DataLimits limits = {};
  /// Characters beyond ASCII are written as \u escapes.
  bool ascii = false;
  /// The form of the names of fields, for reading and writing. Keys of maps are data and do not change.
  NamingPolicy names = NamingPolicy::as_is;
};

/// Data as JSON, like Python's: UTF-8, with ", " and ": " as separators, reals in their shortest form, all
/// keys as text, and the literals NaN, Infinity and -Infinity. Whole numbers have up to 308 digits.
///
/// Kinds that JSON lacks are written like rick's encoder: tuples and sets as lists, dates, decimals and UUIDs
/// as text, bytes as text if they are UTF-8, objects as the map of their fields. They are read back as lists,
/// text and maps. When a key occurs twice in a map, the last one counts.
///
/// With `JsonSerializer({.names = NamingPolicy::camel})` the names of fields are in camel case: those of
/// structs, for reading and writing, at any depth, and those of objects, like rick's encoder. A struct or
/// object is refused with `bad_argument` if two of its fields then have the same name.
class JsonSerializer : public DataSerializer<JsonSerializer> {
 public:
  JsonSerializer() noexcept = default;
  explicit JsonSerializer(JsonOptions options) noexcept : options_(options) {}

  /// Appends to `bytes`. Fails with `bad_argument` for text and bytes that are not UTF-8.
  Status write_data(const Data& data, std::string& bytes) const;
  /// Fails with `corrupt` for bytes that are not JSON, and with `too_large` beyond the limits.
  [[nodiscard]] Result<Data> read_data(ByteView bytes) const;

 private:
  JsonOptions options_;
};

}  // namespace cachesite
