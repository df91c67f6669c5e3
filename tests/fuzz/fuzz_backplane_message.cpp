// Messages of a backplane: no bytes harm the reader, and what it reads is written as the same bytes. Bytes whose
// checksum is wrong are tried again with the right one, so that it keeps nothing from being looked at.

#include "backplane/message.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <zlib.h>

using namespace cachesite;
using namespace cachesite::backplane;

namespace {

void expect(bool condition) {
  if (!condition) std::abort();
}

// Signs are not kept by the reader, so only messages without them come out the same.
bool has_sign(std::string_view bytes, const Message& message) {
  const auto count = static_cast<std::size_t>(static_cast<unsigned char>(bytes[36])) |
                     static_cast<std::size_t>(static_cast<unsigned char>(bytes[37])) << 8U;
  return count != message.changes.size();
}

void read(std::string_view bytes) {
  Message message;
  if (!read_message(bytes, message)) return;
  expect(bytes.size() <= Message::largest);
  MessageWriter writer;
  for (const auto& change : message.changes) {
    expect(writer.has_room_for(change));
    expect(change.key.empty() || (change.key.data() >= bytes.data() &&
                                  change.key.data() + change.key.size() <= bytes.data() + bytes.size()));
    writer.add(change);
  }
  if (has_sign(bytes, message)) return;
  expect(writer.finish(message.source, message.sequence, message.sent) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  read(bytes);
  auto checksum = ::crc32(0, data, static_cast<uInt>(size));
  for (int index = 0; index < 4; ++index, checksum >>= 8U)
    bytes.push_back(static_cast<char>(checksum & 0xFFU));
  read(bytes);
  return 0;
}
