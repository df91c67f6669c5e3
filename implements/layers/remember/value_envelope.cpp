#include "layers/remember/value_envelope.hpp"

#include "basics/checksum.hpp"
#include "basics/little_endian.hpp"

#include <algorithm>

namespace cachesite::remembering {

using basics::put_little_endian;
using basics::take_little_endian;

namespace {

constexpr std::string_view beginning("\xC1\x43\x45\x01", 4);
constexpr std::size_t flags_at = 4;
constexpr std::size_t etag_size_at = 5;
constexpr std::size_t error_code_at = 6;
constexpr std::size_t reserved_at = 7;
constexpr std::size_t version_at = 8;
constexpr std::size_t stale_for_at = 16;
constexpr std::size_t cost_at = 20;
constexpr std::size_t value_size_at = 24;
constexpr std::size_t checksum_at = 28;
constexpr std::uint8_t null_flag = 1;
constexpr std::uint8_t error_flag = 2;

std::uint8_t byte_at(std::string_view stored, std::size_t at) noexcept {
  return static_cast<std::uint8_t>(stored[at]);
}

template <class Duration>
std::uint64_t limited(Duration time) noexcept {
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(time.count(), 0, 0xffff'ffff));
}

std::uint32_t checksum_of(std::string_view stored) noexcept {
  return basics::checksum_of({stored.substr(0, checksum_at), stored.substr(ValueEnvelope::header_size)});
}

}  // namespace

void write_envelope(const ValueEnvelope& envelope, std::string& stored) {
  stored.clear();
  stored.reserve(ValueEnvelope::header_size + envelope.etag.size() + envelope.value.size());
  stored.append(beginning).resize(ValueEnvelope::header_size, '\0');
  put_little_endian(stored, flags_at, (envelope.null ? null_flag : 0U) | (envelope.error ? error_flag : 0U),
                    1);
  put_little_endian(stored, etag_size_at, envelope.etag.size(), 1);
  put_little_endian(stored, error_code_at, envelope.error_code, 1);
  put_little_endian(stored, version_at, envelope.version, 8);
  put_little_endian(stored, stale_for_at, limited(envelope.stale_for), 4);
  put_little_endian(stored, cost_at, limited(envelope.cost), 4);
  put_little_endian(stored, value_size_at, envelope.value.size(), 4);
  stored.append(envelope.etag).append(envelope.value);
  put_little_endian(stored, checksum_at, checksum_of(stored), 4);
}

const char* read_envelope(std::string_view stored, ValueEnvelope& envelope) noexcept {
  if (stored.size() < ValueEnvelope::header_size) return "the envelope is cut short";
  if (!stored.starts_with(beginning)) return "the envelope has a format that this version does not know";
  const auto flags = byte_at(stored, flags_at);
  const std::size_t etag_size = byte_at(stored, etag_size_at);
  const std::uint64_t value_size = take_little_endian(stored, value_size_at, 4);
  if (ValueEnvelope::header_size + etag_size + value_size != stored.size())
    return "the envelope is shorter or longer than it says";
  if (take_little_endian(stored, checksum_at, 4) != checksum_of(stored))
    return "the checksum of the envelope is wrong";
  envelope.null = (flags & null_flag) != 0;
  envelope.error = (flags & error_flag) != 0;
  envelope.error_code = byte_at(stored, error_code_at);
  const bool has_value = !envelope.null && !envelope.error;
  if (flags > (null_flag | error_flag) || byte_at(stored, reserved_at) != 0 ||
      (envelope.null && envelope.error) || (!has_value && value_size != 0) ||
      (!envelope.error && envelope.error_code != 0))
    return "the envelope says what this version does not know";
  envelope.version = take_little_endian(stored, version_at, 8);
  envelope.stale_for = std::chrono::milliseconds(take_little_endian(stored, stale_for_at, 4));
  envelope.cost = std::chrono::microseconds(take_little_endian(stored, cost_at, 4));
  envelope.etag = stored.substr(ValueEnvelope::header_size, etag_size);
  envelope.value = stored.substr(ValueEnvelope::header_size + etag_size);
  return nullptr;
}

}  // namespace cachesite::remembering
