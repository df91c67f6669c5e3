#include "redis/frame_gate.hpp"

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
      return refuse("the reply begins with a byte that means nothing");
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

void FrameGate::skip(std::size_t count) noexcept {
  payload_left_ -= count;
  if (payload_left_ == 0) phase_ = Phase::trailer;
}

FrameGate::Step FrameGate::scan(const char* bytes, std::size_t size) noexcept {
  std::size_t at = 0;
  frame_ended_ = false;
  while (at < size) {
    const char character = bytes[at];
    bool fine = true;
    switch (phase_) {
      case Phase::type:
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
      case Phase::line:
        ++at;
        if (character == '\r')
          phase_ = Phase::line_end;
        else if (character == '\n')
          fine = refuse("a line in the reply ends wrongly");
        else if (++line_size_ > limits_.longest_line)
          fine = refuse("a line in the reply is too long", true);
        break;
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
