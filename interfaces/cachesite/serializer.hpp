#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/data.hpp>
#include <cachesite/data_traits.hpp>
#include <cachesite/detail/data_conversion.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/result.hpp>

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

namespace cachesite {

/// Plain text: the bytes of a value are the characters of a std::string.
struct TextSerializer {
  Status write(const std::string& value, std::string& bytes) const {
    bytes = value;
    return Done{};
  }
  Result<Found> read(ByteView bytes, std::string& value) const {
    value.assign(bytes.data(), bytes.size());
    return Found::hit;
  }
};

/// Writes a value of type T as bytes, and reads it, for a TypedCache. `read` returns Found::hit, or
/// Found::null for bytes that mean a null, or a failure (`corrupt`) for bytes that are not a T. Both have to
/// be thread-safe. Your own serialiser is any class with these two functions:
///
///     struct PointSerializer {
///       cachesite::Status write(const Point& point, std::string& bytes) const;
///       cachesite::Result<cachesite::Found> read(cachesite::ByteView bytes, Point& point) const;
///     };
template <class S, class T>
concept Serializer = requires(const S& serializer, const T& value, T& destination, ByteView bytes,
                              std::string& output) {
  { serializer.write(value, output) } -> std::same_as<Status>;
  { serializer.read(bytes, destination) } -> std::same_as<Result<Found>>;
};

/// The base of serialisers for a format of Data: it has `write` and `read` for every type with DataTraits;
/// for other types the compiler says what to write. `Self` has `Status write_data(const Data&, std::string&)
/// const` and `Result<Data> read_data(ByteView) const`.
template <class Self>
class DataSerializer {
 public:
  /// Replaces `bytes` by the serialised value. Fails with `bad_argument` when the format cannot represent it.
  template <class T>
  Status write(const T& value, std::string& bytes) const {
    bytes.clear();
    if constexpr (std::same_as<T, Data>)
      return self().write_data(value, bytes);
    else
      return self().write_data(detail::to_data(value), bytes);
  }
  /// Replaces `bytes` by the format's own null.
  Status write_null(std::string& bytes) const {
    bytes.clear();
    return self().write_data(Data(), bytes);
  }
  /// Found::null for the format's own null, whatever T is.
  template <class T>
  Result<Found> read(ByteView bytes, T& value) const {
    auto data = self().read_data(bytes);
    if (!data.ok()) return data.error();
    if (data.value().is_null()) return Found::null;
    if constexpr (std::same_as<T, Data>) {
      value = std::move(data).value();
    } else {
      const auto status = detail::from_data(data.value(), value);
      if (!status.ok()) return status.error();
    }
    return Found::hit;
  }

 private:
  [[nodiscard]] const Self& self() const noexcept { return static_cast<const Self&>(*this); }
};

}  // namespace cachesite
