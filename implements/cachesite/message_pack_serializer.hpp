#pragma once

#include <cachesite/data.hpp>
#include <cachesite/serializer.hpp>

#include <string>

namespace cachesite {

/// Settings of a MessagePackSerializer.
struct MessagePackOptions {
  /// Limits for reading.
  DataLimits limits;
  /// Also write `data_class` and `object`. rick's reader imports and creates the class that they name, so
  /// they are refused by default. Here they are always read as maps.
  bool write_objects = false;
};

/// Data as MessagePack, as rick and redis-kit store it: text as str, bytes as bin, integers in the shortest
/// form, reals in 64 bits, and rick's extension types for dates (1), dates with time (2), decimals (3), UUIDs
/// (4), data classes (5), memory views (6) and objects (7). Other extension types are refused, as are
/// integers beyond 64 bits when writing, text that is not UTF-8, and bytes after the value. Tuples and sets
/// are written as arrays.
class MessagePackSerializer : public DataSerializer<MessagePackSerializer> {
 public:
  MessagePackSerializer() noexcept = default;
  explicit MessagePackSerializer(MessagePackOptions options) noexcept : options_(options) {}

  /// Appends to `bytes`. Fails with `bad_argument` for data that MessagePack cannot represent.
  Status write_data(const Data& data, std::string& bytes) const;
  /// Fails with `corrupt` for other bytes, and with `too_large` beyond the limits.
  [[nodiscard]] Result<Data> read_data(ByteView bytes) const;

 private:
  MessagePackOptions options_;
};

}  // namespace cachesite
