#pragma once

#include "redis/wire/byte_buffer.hpp"
#include "redis/wire/command.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace cachesite::redis {

/// Bytes that are not copied into the buffer: they belong between its bytes before and after `offset`.
struct Insertion {
  std::size_t offset;
  std::string_view bytes;
};

/// Arguments from this size on are sent from where they are.
inline constexpr std::size_t gather_from = std::size_t{16} * 1024;

/// Appends the command in wire form. Arguments of at least `gather_from` bytes are not copied; they are
/// named in `insertions` instead.
void encode_command(const Command& command, ByteBuffer& buffer, std::vector<Insertion>& insertions);

}  // namespace cachesite::redis
