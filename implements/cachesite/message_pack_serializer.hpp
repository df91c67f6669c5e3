#pragma once

#include <cachesite/data.hpp>
#include <cachesite/serializer.hpp>

#include <string>

namespace cachesite {

/// Settings of a MessagePackSerializer.
struct MessagePackOptions {
  /// Bounds for reading.
  DataLimits limits;
  /// Write `data_class` and `object` too. rick's reader imports and makes the class that they name, so they
  /// are refused unless a program means it. Reading never makes anything of them: they stay maps.
  bool write_objects = false;
};

/// Data as MessagePack, as rick and redis-kit store it: text as str, bytes as bin, whole numbers in the
/// shortest form, reals in 64 bits, and rick's extension types for dates (1), dates with time (2), decimals
/// (3), UUIDs (4), data classes (5), memory views (6) and objects (7). Another extension type is refused, as
/// are whole numbers beyond 64 bits when writing, text that is not UTF-8, and anything behind the value.
/// Tuples and sets are written as arrays.
class MessagePackSerializer : public DataSerializer<MessagePackSerializer> {
 public:
  MessagePackSerializer() noexcept = default;
  explicit MessagePackSerializer(MessagePackOptions options) noexcept : options_(options) {}

  /// Appends to `bytes`. Fails with `bad_argument` for what MessagePack cannot hold.
  Status write_data(const Data& data, std::string& bytes) const;
  /// Fails with `corrupt` for bytes that are no such MessagePack, and with `too_large` beyond the limits.
  [[nodiscard]] Result<Data> read_data(ByteView bytes) const;

 private:
  MessagePackOptions options_;
};

}  // namespace cachesite
