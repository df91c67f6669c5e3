#include "redis/topology/hash_slot.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace cachesite::redis {

namespace {

constexpr std::array<std::uint16_t, 256> make_table() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned rest = byte << 8U;
    for (int bit = 0; bit < 8; ++bit)
      rest = (rest & 0x8000U) != 0 ? (rest << 1U) ^ 0x1021U : rest << 1U;
    table[byte] = static_cast<std::uint16_t>(rest);
  }
  return table;
}

constexpr auto table = make_table();

std::uint16_t add(std::uint16_t sum, std::string_view bytes) noexcept {
  for (const char byte : bytes)
    sum = static_cast<std::uint16_t>((sum << 8U) ^
                                     table[((sum >> 8U) ^ static_cast<unsigned char>(byte)) & 0xFFU]);
  return sum;
}

// As find() on head and tail joined.
std::size_t find(const Argument& key, char wanted, std::size_t from) noexcept {
  if (from < key.head.size())
    if (const auto at = key.head.find(wanted, from); at != std::string_view::npos) return at;
  const auto at = key.tail.find(wanted, from < key.head.size() ? 0 : from - key.head.size());
  return at == std::string_view::npos ? at : at + key.head.size();
}

}  // namespace

HashSlot hash_slot(const Argument& key) noexcept {
  std::size_t from = 0;
  std::size_t to = key.size();
  if (const auto open = find(key, '{', 0); open != std::string_view::npos)
    if (const auto close = find(key, '}', open + 1); close != std::string_view::npos && close > open + 1) {
      from = open + 1;
      to = close;
    }
  const auto split = key.head.size();
  std::uint16_t sum = 0;
  if (from < split) sum = add(sum, key.head.substr(from, (to < split ? to : split) - from));
  if (to > split) {
    const auto start = from > split ? from - split : 0;
    sum = add(sum, key.tail.substr(start, to - split - start));
  }
  return sum % hash_slots;
}

}  // namespace cachesite::redis
