#include "redis/wire/frame_gate.hpp"

#include <algorithm>
#include <limits>

namespace cachesite::redis {

bool FrameGate::refuse(std::string_view problem, bool too_large) noexcept {
  problem_ = problem;
  too_large_ = too_large;
  phase_ = Phase::refused;
  return false;
}

bool FrameGate::begin(char type) noexcept {
  if (depth_ == 0) {
    elements_ = 0;
    frame_size_ = 0;
  }
  type_ = type;
  switch (type) {
    case '+':
    case '-':
      line_size_ = 0;
      phase_ = Phase::line;
      return true;
    case '*':
      if (depth_ == limits_.deepest) return refuse("the reply nests too deeply", true);
      [[fallthrough]];
    case ':':
    case '$':
      number_ = 0;
      digits_ = 0;
      negative_ = false;
      phase_ = Phase::number;
      return true;
    default:
      return refuse("the reply begins with an unknown byte");
  }
}

bool FrameGate::take_digit(char character) noexcept {
  if (character == '-' && digits_ == 0 && !negative_) {
    negative_ = true;
    return true;
  }
  const auto digit = static_cast<unsigned>(character - '0');
  if (digit > 9) return refuse("a number in the reply is malformed");
  if (digits_ != 0 && number_ == 0) return refuse("a number in the reply begins with 0");
  if (number_ > (std::numeric_limits<std::uint64_t>::max() - digit) / 10)
    return refuse("a number in the reply is out of range");
  number_ = number_ * 10 + digit;
  ++digits_;
  return true;
}

// The line feed after a number has been read.
bool FrameGate::end_number() noexcept {
  if (digits_ == 0 || (negative_ && number_ == 0)) return refuse("a number in the reply is malformed");
  if (type_ == ':') {
    const auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (number_ > most + (negative_ ? 1 : 0)) return refuse("a number in the reply is out of range");
    return end_element();
  }
  if (negative_) {
    if (number_ != 1) return refuse("a length in the reply is negative");
    return end_element();
  }
  if (type_ == '$') {
    if (number_ > limits_.largest_bulk) return refuse("the value is larger than the limit", true);
    frame_size_ += number_ + 2;
    if (frame_size_ > limits_.largest_frame) return refuse("the reply is larger than the limit", true);
    payload_left_ = number_;
    phase_ = number_ == 0 ? Phase::trailer : Phase::payload;
    return true;
  }
  if (number_ == 0) return end_element();
  if (number_ > limits_.most_elements - elements_) return refuse("the reply has too many elements", true);
  elements_ += number_;
  remaining_[depth_++] = static_cast<std::uint32_t>(number_);
  phase_ = Phase::type;
  return true;
}

bool FrameGate::end_element() noexcept {
  phase_ = Phase::type;
  while (depth_ > 0) {
    if (--remaining_[depth_ - 1] != 0) return true;
    --depth_;
  }
  frame_ended_ = true;
  return true;
}

// The replies that caches mostly get, when they are whole: the first line of a bulk of its own, a number, a
// status. Takes nothing when it is anything else.
FrameGate::Step FrameGate::scan_common(const char* bytes, std::size_t size) noexcept {
  constexpr Step other{Verdict::more, 0};
  if (phase_ != Phase::type || depth_ != 0 || size < 2) return other;
  const std::size_t last = std::min<std::size_t>(size - 1, 32);
  std::size_t at = 1;
  if (bytes[0] == '$') {
    std::size_t number = 0;
    while (at < last && static_cast<unsigned char>(bytes[at] - '0') <= 9 && at < 12)
      number = number * 10 + static_cast<unsigned char>(bytes[at++] - '0');
    if (at + 1 >= size) return other;
    if (bytes[1] == '0' || bytes[at] != '\r' || bytes[at + 1] != '\n') return other;
    if (number < announce_from_ || number > limits_.largest_bulk || number == 0) return other;
    type_ = '$';
    elements_ = 0;
    frame_size_ = payload_left_ = number;
    phase_ = Phase::payload;
    return {Verdict::payload, at + 2};
  }
  if (bytes[0] == ':') {
    const bool negative = bytes[1] == '-';
    const std::size_t first = negative ? 2 : 1;
    std::uint64_t number = 0;
    for (at = first; at < last && static_cast<unsigned char>(bytes[at] - '0') <= 9 && at < first + 18;)
      number = number * 10 + static_cast<unsigned char>(bytes[at++] - '0');
    if (at == first || at + 1 >= size || bytes[at] != '\r' || bytes[at + 1] != '\n') return other;
    if (bytes[first] == '0' && (negative || at != first + 1)) return other;
    type_ = ':';
    elements_ = 0;
    number_ = number;
    negative_ = negative;
    return {Verdict::frame, at + 2};
  }
  if (bytes[0] == '+') {
    type_ = '+';
    while (at < last && bytes[at] != '\r' && bytes[at] != '\n')
      ++at;
    if (bytes[at] != '\r' || at + 1 >= size || bytes[at + 1] != '\n' || at > limits_.longest_line)
      return other;
    return {Verdict::frame, at + 2};
  }
  return other;
}

// Whole values within an array, such as the answers to MGET, at once. Stops before the last element and
// before anything else.
std::size_t FrameGate::pass_whole_bulks(const char* bytes, std::size_t size) noexcept {
  constexpr std::size_t most_digits = 8;
  std::uint32_t& left = remaining_[depth_ - 1];
  std::size_t passed = 0;
  while (left > 1 && size - passed > most_digits + 3) {
    const char* const bulk = bytes + passed;
    std::size_t number = static_cast<unsigned char>(bulk[1] - '0');
    if (bulk[0] != '$' || number - 1 > 8) break;
    std::size_t at = 2;
    for (unsigned digit; at <= most_digits && (digit = static_cast<unsigned char>(bulk[at] - '0')) <= 9; ++at)
      number = number * 10 + digit;
    const std::size_t whole = at + number + 4;
    if (whole > size - passed || number > limits_.largest_bulk) break;
    if (bulk[at] != '\r' || bulk[at + 1] != '\n' || bulk[whole - 2] != '\r' || bulk[whole - 1] != '\n') break;
    if (frame_size_ + number + 2 > limits_.largest_frame) break;
    frame_size_ += number + 2;
    passed += whole;
    --left;
  }
  return passed;
}

FrameGate::Step FrameGate::scan_any(const char* bytes, std::size_t size) noexcept {
  std::size_t at = 0;
  frame_ended_ = false;
  while (at < size) {
    const char character = bytes[at];
    bool fine = true;
    switch (phase_) {
      case Phase::type:
        if (depth_ > 0 && character == '$')
          if (const auto passed = pass_whole_bulks(bytes + at, size - at); passed != 0) {
            at += passed;
            break;
          }
        fine = begin(character);
        ++at;
        break;
      case Phase::number:
        if (character == '\r')
          phase_ = Phase::number_end;
        else
          fine = take_digit(character);
        ++at;
        break;
      case Phase::number_end:
        ++at;
        fine = character == '\n' ? end_number() : refuse("a line in the reply ends wrongly");
        if (fine && phase_ == Phase::payload && depth_ == 0 && payload_left_ >= announce_from_)
          return {Verdict::payload, at};
        break;
      case Phase::line: {
        const std::size_t first = at;
        while (at < size && bytes[at] != '\r' && bytes[at] != '\n')
          ++at;
        line_size_ += at - first;
        if (line_size_ > limits_.longest_line) {
          fine = refuse("a line in the reply is too long", true);
        } else if (at < size) {
          if (bytes[at] == '\r')
            phase_ = Phase::line_end;
          else
            fine = refuse("a line in the reply ends wrongly");
          ++at;
        }
        break;
      }
      case Phase::line_end:
        ++at;
        fine = character == '\n' ? end_element() : refuse("a line in the reply ends wrongly");
        break;
      case Phase::payload: {
        const auto count = std::min(payload_left_, size - at);
        at += count;
        skip(count);
        break;
      }
      case Phase::trailer:
        ++at;
        if (character == '\r')
          phase_ = Phase::trailer_end;
        else
          fine = refuse("a value in the reply is longer than it says");
        break;
      case Phase::trailer_end:
        ++at;
        fine = character == '\n' ? end_element() : refuse("a value in the reply is longer than it says");
        break;
      case Phase::refused:
        fine = false;
        break;
    }
    if (!fine) return {Verdict::refused, at};
    if (frame_ended_) return {Verdict::frame, at};
  }
  return {phase_ == Phase::refused ? Verdict::refused : Verdict::more, at};
}

}  // namespace cachesite::redis
