#pragma once

#include <cachesite/data.hpp>
#include <cachesite/naming_policy.hpp>
#include <cachesite/serializer.hpp>

#include <string>

namespace cachesite {

/// Settings of a JsonSerializer.
struct JsonOptions {
  /// Bounds for reading.
  DataLimits limits = {};
  /// Characters beyond ASCII are written as \u escapes.
  bool ascii = false;
  /// The form of the names of fields, written and read. Keys of maps are data and stay.
  NamingPolicy names = NamingPolicy::as_is;
};

/// Data as JSON, as Python writes it: UTF-8, ", " and ": " between things, reals in their shortest form, keys
/// that are no text as text, and the literals NaN, Infinity and -Infinity. Whole numbers have up to 308
/// digits.
///
/// What JSON has no form for is written in that of rick's encoder: tuples and sets as lists, dates, decimals
/// and UUIDs as text, bytes as text when they are UTF-8, objects as the map of their fields. It is read back
/// as what it then is. Of a key that stands twice in a map the last one counts.
///
/// With `JsonSerializer({.names = NamingPolicy::camel})` fields have their names in camel case: those of
/// structs, written and read, at any depth, and those of objects, as in rick's encoder. A struct or object is
/// refused with `bad_argument` when two of its fields then have the same name.
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
