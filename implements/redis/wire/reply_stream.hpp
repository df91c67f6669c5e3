#pragma once

#include "redis/wire/frame_gate.hpp"
#include "redis/wire/reply.hpp"
#include "redis/wire/reply_reader.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include <sys/uio.h>

namespace cachesite::redis {

/// Turns the bytes of a connection into replies: frame gate, then hiredis' reader. The payload of a bulk that
/// is a reply of its own goes straight to its destination, and such a number is the gate's. Knows neither sockets
/// nor time.
class ReplyStream {
 public:
  static constexpr std::size_t buffer_size = std::size_t{16} * 1024;

  explicit ReplyStream(FrameLimits limits);

  /// Where the next bytes have to be received: one or two places, filled in order. Returns their number.
  std::size_t room(std::array<iovec, 2>& places) noexcept {
    if (begin_ == end_)
      begin_ = scanned_ = end_ = 0;
    else if (end_ == buffer_size)
      make_room();
    std::size_t count = 0;
    if (!destination_.empty()) places[count++] = {destination_.data(), destination_.size()};
    places[count++] = {buffer_.get() + end_, buffer_size - end_};
    return count;
  }
  /// `count` bytes have been received there.
  void received(std::size_t count) noexcept {
    const auto direct = std::min(count, destination_.size());
    if (direct != 0) {
      destination_ = destination_.subspan(direct);
      gate_.skip(direct);
    }
    end_ += count - direct;
  }

  enum class Progress : unsigned char { more, complete, malformed, too_large, no_memory };
  /// Goes on with one reply, which is built in `target`: the same one until it is complete.
  Progress next(Reply& target);

  /// Bytes of a payload of its own that are still to come.
  [[nodiscard]] std::size_t payload_to_come() const noexcept { return destination_.size(); }
  /// True when bytes are there that `next` has not taken.
  [[nodiscard]] bool has_bytes() const noexcept { return begin_ != end_; }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  void make_room() noexcept;
  Progress refuse();
  [[nodiscard]] bool take_whole_payload() noexcept;
  Progress feed_reader(Reply& target);

  FrameGate gate_;
  ReplyReader reader_;
  std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0;    // bytes before are used up
  std::size_t scanned_ = 0;  // bytes before went through the gate
  std::size_t end_ = 0;
  std::span<std::byte> destination_;  // what is still to come of a direct payload
  bool direct_ = false;               // the reply in progress bypasses the reader
  std::string problem_;
};

}  // namespace cachesite::redis
