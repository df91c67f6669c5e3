#include "redis/wire/command_encoder.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace cachesite::redis {

namespace {

constexpr std::size_t most_header = 24;  // type, 20 digits, CR LF

template <class Word>
void copy_word(char* to, const char* from) noexcept {
  std::memcpy(to, from, sizeof(Word));
}

[[gnu::always_inline]] inline char* write_header(char* at, char type, std::size_t count) noexcept {
  *at++ = type;
  if (count < 10)
    *at++ = static_cast<char>('0' + count);
  else
    at = std::to_chars(at, at + most_header, count).ptr;
  *at++ = '\r';
  *at++ = '\n';
  return at;
}

// Most parts are a few bytes long: those are copied as two words that may overlap, without a call.
[[gnu::always_inline]] inline char* write_bytes(char* at, std::string_view bytes) noexcept {
  const std::size_t size = bytes.size();
  const char* const from = bytes.data();
  if (size > 16) {
    std::memcpy(at, from, size);
  } else if (size >= 8) {
    copy_word<std::uint64_t>(at, from);
    copy_word<std::uint64_t>(at + size - 8, from + size - 8);
  } else if (size >= 4) {
    copy_word<std::uint32_t>(at, from);
    copy_word<std::uint32_t>(at + size - 4, from + size - 4);
  } else if (size >= 2) {
    copy_word<std::uint16_t>(at, from);
    copy_word<std::uint16_t>(at + size - 2, from + size - 2);
  } else if (size == 1) {
    *at = *from;
  }
  return at + size;
}

void encode_gathered(const Command& command, ByteBuffer& buffer, std::vector<Insertion>& insertions) {
  std::size_t room = most_header;
  for (const auto& argument : command.arguments) {
    room += most_header + 2;
    for (const auto part : {argument.head, argument.tail})
      if (part.size() < gather_from) room += part.size();
  }
  char* at = write_header(buffer.reserve(room), '*', command.arguments.size());
  for (const auto& argument : command.arguments) {
    at = write_header(at, '$', argument.size());
    for (const auto part : {argument.head, argument.tail})
      if (part.size() < gather_from)
        at = write_bytes(at, part);
      else
        insertions.push_back({static_cast<std::size_t>(at - buffer.data()), part});
    *at++ = '\r';
    *at++ = '\n';
  }
  buffer.commit(at);
}

}  // namespace

void encode_command(const Command& command, ByteBuffer& buffer, std::vector<Insertion>& insertions) {
  std::size_t room = most_header;
  std::size_t largest = 0;
  for (const auto& argument : command.arguments) {
    const std::size_t size = argument.size();
    room += most_header + 2 + size;
    largest = std::max(largest, size);
  }
  if (largest >= gather_from) return encode_gathered(command, buffer, insertions);
  char* at = write_header(buffer.reserve(room), '*', command.arguments.size());
  for (const auto& argument : command.arguments) {
    at = write_header(at, '$', argument.size());
    at = write_bytes(at, argument.head);
    if (!argument.tail.empty()) at = write_bytes(at, argument.tail);
    *at++ = '\r';
    *at++ = '\n';
  }
  buffer.commit(at);
}

}  // namespace cachesite::redis
