#pragma once

#include "../unit/loaders/memory_meter.hpp"

#include <cachesite/data.hpp>

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

namespace cachesite::fuzz {

/// Equal, with one NaN as good as another.
inline bool same(const Data& left, const Data& right) {
  if (left.kind() != right.kind() || left.elements().size() != right.elements().size()) return false;
  if (left.kind() == Data::Kind::real)
    return left.real() == right.real() || (std::isnan(left.real()) && std::isnan(right.real()));
  for (std::size_t index = 0; index < left.elements().size(); ++index)
    if (!same(left.elements()[index], right.elements()[index])) return false;
  return !left.elements().empty() || left == right;
}

/// What reading so many bytes may take at most: some for the values that the serializer's limits allow to be
/// referred to again, and so much for each byte that is there.
constexpr std::size_t most_memory(std::size_t size) noexcept {
  return (std::size_t{2} << 20U) + 600 * size;
}

/// Reads the bytes as a value, within its memory. What can be read is written and has to read back to an
/// equal value.
template <class S>
void read_and_write_data(const S& serializer, std::string_view bytes) {
  test::MemoryMeter::reset();
  const auto data = serializer.read_data(bytes);
  if (test::MemoryMeter::peak() > most_memory(bytes.size())) std::abort();
  if (!data.ok()) {
    if (data.error().message().empty()) std::abort();
    return;
  }
  std::string written;
  if (!serializer.write_data(data.value(), written).ok()) std::abort();
  const auto again = serializer.read_data(written);
  if (!again.ok() || !same(again.value(), data.value())) std::abort();
}

}  // namespace cachesite::fuzz
