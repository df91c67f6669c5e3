#pragma once

#include <cachesite/backplane.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::backplane {

/// Who sends: random, drawn anew for each backplane object.
using SourceId = std::array<std::uint8_t, 16>;

/// A message between processes: C5 4E, version 01, flags 00, source (16 bytes), sequence (u64), time of sending (u64,
/// see HybridClock), number of items (u16), the items, and the CRC-32 of zlib over all that (u32). An item is an
/// action (u8), a version (u64), an extra number (u32), the length of the key (u32), and the key. All numbers are
/// little endian. This format is that of the channel `cachesite:news:1:<name>`; another format has another
/// channel.
struct Message {
  static constexpr std::size_t largest = std::size_t{64} * 1024;
  static constexpr std::size_t head_size = 38;
  static constexpr std::size_t item_size = 17;  // without the key
  static constexpr std::size_t checksum_size = 4;
  static constexpr std::size_t longest_key = largest - head_size - item_size - checksum_size;

  SourceId source{};
  std::uint64_t sequence = 0;
  std::uint64_t sent = 0;
  bool bye = false;                      // the source stops
  std::vector<BackplaneChange> changes;  // their keys are views of the bytes
};

/// Actions that are no changes.
inline constexpr std::uint8_t beat_action = 7;
inline constexpr std::uint8_t bye_action = 8;

/// Puts a message together. Its head is filled in at the end.
class MessageWriter {
 public:
  MessageWriter() : bytes_(Message::head_size, '\0') {}

  [[nodiscard]] bool has_room_for(const BackplaneChange& change) const noexcept {
    return items_ < most_items &&
           bytes_.size() + Message::item_size + change.key.size() + Message::checksum_size <=
               Message::largest;
  }
  void add(const BackplaneChange& change);
  void add_sign(std::uint8_t action);  // a beat or a bye
  /// The whole message.
  [[nodiscard]] std::string finish(const SourceId& source, std::uint64_t sequence, std::uint64_t sent);

 private:
  static constexpr std::uint16_t most_items = 0xFFFF;

  void add_item(std::uint8_t action, const BackplaneChange& change);

  std::string bytes_;
  std::uint16_t items_ = 0;
};

/// False for anything that is no message of this format. No memory is taken for what the bytes cannot hold.
[[nodiscard]] bool read_message(std::string_view bytes, Message& message);

}  // namespace cachesite::backplane
