#pragma once

#include <cachesite/data.hpp>
#include <cachesite/serializer.hpp>

#include <cstdint>
#include <string>

namespace cachesite {

/// Settings of a PickleSerializer.
struct PickleOptions {
  /// Bounds for reading. The values of a part that the pickle refers to twice count twice.
  DataLimits limits;
  /// The protocol written: 5 as spakky does, 4 as rick does up to Python 3.13.
  std::uint8_t protocol = 5;
};

/// Data as Python's pickle, for plain data: None, booleans, whole numbers, reals, str, bytes, lists, tuples,
/// dictionaries, sets and frozen sets. The bytes are those that Python itself writes for data without
/// repeated objects.
///
/// Nothing is executed. Reading knows only the operations that make plain data; any other, such as those that
/// import or call, is refused, as are references that lead back into themselves. Every protocol up to 5 is
/// read as far as it uses those operations. A bytearray is read as bytes.
class PickleSerializer : public DataSerializer<PickleSerializer> {
 public:
  PickleSerializer() noexcept = default;
  explicit PickleSerializer(PickleOptions options) noexcept : options_(options) {}

  /// Appends to `bytes`. Fails with `bad_argument` for dates, decimals, UUIDs and objects, which take more
  /// than plain data.
  Status write_data(const Data& data, std::string& bytes) const;
  /// Fails with `corrupt` for bytes that are no pickle of plain data, and with `too_large` beyond the limits.
  [[nodiscard]] Result<Data> read_data(ByteView bytes) const;

 private:
  PickleOptions options_;
};

}  // namespace cachesite
