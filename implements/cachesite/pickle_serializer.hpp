#pragma once

#include <cachesite/data.hpp>
#include <cachesite/serializer.hpp>

#include <cstdint>
#include <string>

namespace cachesite {

/// Settings of a PickleSerializer.
struct PickleOptions {
  /// Limits for reading. A part that the pickle refers to twice counts twice.
  DataLimits limits;
  /// The protocol for writing: 5 like spakky, 4 like rick up to Python 3.13.
  std::uint8_t protocol = 5;
};

/// Data as Python's pickle, for plain data: None, booleans, integers, reals, str, bytes, lists, tuples,
/// dictionaries, sets and frozen sets. The bytes are those that Python itself writes for data without
/// repeated objects.
///
/// Nothing is executed. Reading supports only the operations that make plain data; others, such as imports
/// and calls, are refused, and so are circular references. Every protocol up to 5 is supported with those
/// operations. A bytearray is read as bytes.
class PickleSerializer : public DataSerializer<PickleSerializer> {
 public:
  PickleSerializer() noexcept = default;
  explicit PickleSerializer(PickleOptions options) noexcept : options_(options) {}

  /// Appends to `bytes`. Fails with `bad_argument` for dates, decimals, UUIDs and objects, which are not
  /// plain data.
  Status write_data(const Data& data, std::string& bytes) const;
  /// Fails with `corrupt` for bytes that are not a pickle of plain data, and with `too_large` beyond the
  /// limits.
  [[nodiscard]] Result<Data> read_data(ByteView bytes) const;

 private:
  PickleOptions options_;
};

}  // namespace cachesite
