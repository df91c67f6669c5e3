#include "backplane/message.hpp"

#include "basics/checksum.hpp"
#include "basics/little_endian.hpp"

#include <algorithm>
#include <cstring>

namespace cachesite::backplane {

using basics::checksum_of;
using basics::put_little_endian;
using basics::take_little_endian;

namespace {

constexpr std::string_view magic("\xC5\x4E\x01\x00", 4);
constexpr std::size_t source_at = 4;
constexpr std::size_t sequence_at = 20;
constexpr std::size_t sent_at = 28;
constexpr std::size_t count_at = 36;

// Whether the keys are what their actions need.
bool is_complete(ChangeAction action, std::string_view key) noexcept {
  return key.empty() == (action == ChangeAction::clear);
}

bool read_item(std::string_view bytes, std::size_t& at, Message& message) {
  if (bytes.size() - at < Message::item_size) return false;
  const auto action = static_cast<std::uint8_t>(bytes[at]);
  const auto length = take_little_endian(bytes, at + 13, 4);
  BackplaneChange change;
  change.version = take_little_endian(bytes, at + 1, 8);
  change.extra = static_cast<std::uint32_t>(take_little_endian(bytes, at + 9, 4));
  at += Message::item_size;
  if (length > bytes.size() - at) return false;
  change.key = bytes.substr(at, length);
  at += length;
  if (action == bye_action) message.bye = true;
  if (action == bye_action || action == beat_action) return change.key.empty();
  if (action < static_cast<std::uint8_t>(ChangeAction::set) || action > bye_action) return false;
  change.action = static_cast<ChangeAction>(action);
  if (!is_complete(change.action, change.key)) return false;
  message.changes.push_back(change);
  return true;
}

}  // namespace

void MessageWriter::add(const BackplaneChange& change) {
  add_item(static_cast<std::uint8_t>(change.action), change);
}

void MessageWriter::add_sign(std::uint8_t action) {
  add_item(action, {});
}

void MessageWriter::add_item(std::uint8_t action, const BackplaneChange& change) {
  const auto at = bytes_.size();
  bytes_.append(Message::item_size, '\0');
  bytes_[at] = static_cast<char>(action);
  put_little_endian(bytes_, at + 1, change.version, 8);
  put_little_endian(bytes_, at + 9, change.extra, 4);
  put_little_endian(bytes_, at + 13, change.key.size(), 4);
  bytes_.append(change.key);
  ++items_;
}

std::string MessageWriter::finish(const SourceId& source, std::uint64_t sequence, std::uint64_t sent) {
  bytes_.replace(0, magic.size(), magic);
  std::memcpy(bytes_.data() + source_at, source.data(), source.size());
  put_little_endian(bytes_, sequence_at, sequence, 8);
  put_little_endian(bytes_, sent_at, sent, 8);
  put_little_endian(bytes_, count_at, items_, 2);
  const auto checksum = checksum_of({bytes_});
  const auto end = bytes_.size();
  bytes_.append(Message::checksum_size, '\0');
  put_little_endian(bytes_, end, checksum, Message::checksum_size);
  return std::move(bytes_);
}

bool read_message(std::string_view bytes, Message& message) {
  message.bye = false;
  message.changes.clear();
  if (bytes.size() < Message::head_size + Message::checksum_size || bytes.size() > Message::largest)
    return false;
  if (!bytes.starts_with(magic)) return false;
  const auto checked = bytes.substr(0, bytes.size() - Message::checksum_size);
  if (take_little_endian(bytes, checked.size(), Message::checksum_size) != checksum_of({checked}))
    return false;
  std::memcpy(message.source.data(), bytes.data() + source_at, message.source.size());
  message.sequence = take_little_endian(bytes, sequence_at, 8);
  message.sent = take_little_endian(bytes, sent_at, 8);
  const auto count = take_little_endian(bytes, count_at, 2);
  if (message.sequence == 0 || count > (checked.size() - Message::head_size) / Message::item_size)
    return false;
  message.changes.reserve(count);
  std::size_t at = Message::head_size;
  for (std::uint64_t item = 0; item < count; ++item)
    if (!read_item(checked, at, message)) return false;
  return at == checked.size();
}

}  // namespace cachesite::backplane
