#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cachesite::redis {

struct FrameLimits {
  std::size_t largest_bulk = std::size_t{64} * 1024 * 1024;
  std::size_t longest_line = 4096;
  std::size_t most_elements = std::size_t{1} << 20;             // in one reply, over all its levels
  std::size_t largest_frame = std::size_t{1024} * 1024 * 1024;  // one reply with all its levels
  std::uint32_t deepest = 7;                                    // levels of arrays; hiredis 0.14 holds 8
};

/// Finds where replies end, in one linear pass over bytes that come in pieces of any size, and refuses what
/// is malformed or beyond the limits before anything is allocated for it. Whatever passes is exactly one
/// reply for hiredis' reader.
class FrameGate {
 public:
  enum class Verdict : std::uint8_t {
    more,     // all bytes belong to a reply that goes on
    payload,  // a bulk of its own of at least `announce_from` bytes begins; `payload_left()` bytes follow
    frame,    // the reply ends here
    refused,  // `problem()` says why; the stream cannot be used any more
  };
  struct Step {
    Verdict verdict;
    std::size_t taken;
  };

  explicit FrameGate(FrameLimits limits = {}, std::size_t announce_from = SIZE_MAX) noexcept
      : limits_(limits), announce_from_(announce_from) {
    if (limits_.deepest > remaining_.size()) limits_.deepest = static_cast<std::uint32_t>(remaining_.size());
  }

  Step scan(const char* bytes, std::size_t size) noexcept {
    if (phase_ == Phase::trailer && depth_ == 0 && size >= 2 && bytes[0] == '\r' && bytes[1] == '\n') {
      phase_ = Phase::type;
      return {Verdict::frame, 2};
    }
    const Step common = scan_common(bytes, size);
    return common.taken != 0 ? common : scan_any(bytes, size);
  }

  [[nodiscard]] std::size_t payload_left() const noexcept { return payload_left_; }
  /// The owner took `count` bytes of the payload elsewhere.
  void skip(std::size_t count) noexcept {
    payload_left_ -= count;
    if (payload_left_ == 0) phase_ = Phase::trailer;
  }
  /// The owner took all of the payload and what ends it, which was `\r\n`.
  void skip_whole_payload() noexcept {
    payload_left_ = 0;
    phase_ = Phase::type;
  }
  /// True while the first line of a bulk of its own, or such a number, is being read.
  [[nodiscard]] bool in_number() const noexcept {
    return depth_ == 0 && (type_ == '$' || is_number()) &&
           (phase_ == Phase::number || phase_ == Phase::number_end);
  }
  /// True when the reply is a number of its own, which `number()` tells once the reply has ended.
  [[nodiscard]] bool is_number() const noexcept { return type_ == ':' && elements_ == 0; }
  [[nodiscard]] std::int64_t number() const noexcept {
    return static_cast<std::int64_t>(negative_ ? 0 - number_ : number_);
  }

  [[nodiscard]] std::string_view problem() const noexcept { return problem_; }
  /// True when the reply is well-formed so far, but larger than the limits.
  [[nodiscard]] bool too_large() const noexcept { return too_large_; }

 private:
  enum class Phase : std::uint8_t {
    type,
    number,
    number_end,
    line,
    line_end,
    payload,
    trailer,
    trailer_end,
    refused
  };

  Step scan_common(const char* bytes, std::size_t size) noexcept;
  Step scan_any(const char* bytes, std::size_t size) noexcept;
  std::size_t pass_whole_bulks(const char* bytes, std::size_t size) noexcept;
  bool begin(char type) noexcept;
  bool take_digit(char character) noexcept;
  bool end_number() noexcept;
  bool end_element() noexcept;
  bool refuse(std::string_view problem, bool too_large = false) noexcept;

  FrameLimits limits_;
  std::size_t announce_from_;
  std::size_t payload_left_ = 0;
  std::size_t line_size_ = 0;
  std::size_t elements_ = 0;
  std::size_t frame_size_ = 0;
  std::uint64_t number_ = 0;
  std::array<std::uint32_t, 8> remaining_{};
  std::uint32_t depth_ = 0;
  std::uint8_t digits_ = 0;
  bool negative_ = false;
  bool frame_ended_ = false;
  bool too_large_ = false;
  char type_ = 0;
  Phase phase_ = Phase::type;
  std::string_view problem_;
};

}  // namespace cachesite::redis
