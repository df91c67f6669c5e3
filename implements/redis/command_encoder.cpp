#include "redis/command_encoder.hpp"

#include <charconv>
#include <cstring>

namespace cachesite::redis {

namespace {

constexpr std::size_t most_header = 24;  // type, 20 digits, CR LF

char* write_header(char* at, char type, std::size_t count) noexcept {
  *at++ = type;
  if (count < 10) {
    *at++ = static_cast<char>('0' + count);
  } else {
    at = std::to_chars(at, at + most_header, count).ptr;
  }
  *at++ = '\r';
  *at++ = '\n';
  return at;
}

char* write_bytes(char* at, std::string_view bytes) noexcept {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

}  // namespace

bool needs_gathering(const Command& command) noexcept {
  for (const auto& argument : command.arguments)
    if (argument.head.size() >= gather_from || argument.tail.size() >= gather_from) return true;
  return false;
}

void encode_command(const Command& command, ByteBuffer& buffer, std::vector<Insertion>& insertions) {
  std::size_t room = most_header;
  for (const auto& argument : command.arguments) {
    room += most_header + 2;
    if (argument.head.size() < gather_from) room += argument.head.size();
    if (argument.tail.size() < gather_from) room += argument.tail.size();
  }
  char* at = buffer.reserve(room);
  at = write_header(at, '*', command.arguments.size());
  for (const auto& argument : command.arguments) {
    at = write_header(at, '$', argument.size());
    for (const auto part : {argument.head, argument.tail}) {
      if (part.size() < gather_from) {
        at = write_bytes(at, part);
      } else {
        insertions.push_back({static_cast<std::size_t>(at - buffer.data()), part});
      }
    }
    *at++ = '\r';
    *at++ = '\n';
  }
  buffer.commit(at);
}

}  // namespace cachesite::redis
