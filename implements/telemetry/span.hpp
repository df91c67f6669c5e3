#pragma once

#include <cachesite/cache_hook.hpp>
#include <cachesite/cache_request.hpp>
#include <cachesite/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cachesite::telemetry {

class SpanRecorder;

/// A recorded call. Everything is in range, so that recording takes no memory.
struct Span {
  enum class Kind : std::uint8_t { cache_call, server_call };
  enum class Text : std::uint8_t { name, key, message, host, peer, error_prefix };
  static constexpr std::size_t texts = 6;
  static constexpr std::size_t room = 400;  // characters of all texts together
  static constexpr std::size_t longest_key = 200;

  // Of an open call.
  Span* outer = nullptr;
  const void* hook = nullptr;
  SpanRecorder* recorder = nullptr;

  std::uint64_t trace_high = 0;
  std::uint64_t trace_low = 0;
  std::uint64_t id = 0;
  std::uint64_t parent = 0;   // 0: none
  std::int64_t begin = 0;     // nanoseconds since 1970
  std::int64_t duration = 0;  // nanoseconds
  std::uint64_t keys = 0;     // of a server call, commands sent together
  std::uint64_t hash = 0;     // of the key, when `hashed`
  std::uint32_t database = 0;
  std::uint16_t port = 0;
  Kind kind = Kind::cache_call;
  CacheOperation operation = CacheOperation::read;
  CacheCallResult::Kind result = CacheCallResult::Kind::done;
  ErrorCode code = ErrorCode::bad_argument;  // when `failed`
  bool failed = false;
  bool hashed = false;

  [[nodiscard]] std::string_view text(Text which) const noexcept {
    const auto& range = ranges[static_cast<std::size_t>(which)];
    return {characters.data() + range.begin, range.size};
  }
  /// At most once for each; what does not fit is left out.
  void set_text(Text which, std::string_view text, std::size_t most = room) noexcept {
    const auto size = std::min({text.size(), most, room - used});
    std::copy_n(text.data(), size, characters.data() + used);
    ranges[static_cast<std::size_t>(which)] = {used, static_cast<std::uint16_t>(size)};
    used = static_cast<std::uint16_t>(used + size);
  }
  void clear() noexcept {
    ranges = {};
    used = 0;
    failed = hashed = false;
    keys = 0;
  }

  struct TextRange {
    std::uint16_t begin = 0;
    std::uint16_t size = 0;
  };
  std::array<TextRange, texts> ranges;
  std::uint16_t used = 0;
  std::array<char, room> characters;
};

}  // namespace cachesite::telemetry
