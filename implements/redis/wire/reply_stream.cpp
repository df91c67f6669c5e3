#include "redis/wire/reply_stream.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace cachesite::redis {

ReplyStream::ReplyStream(FrameLimits limits) : gate_(limits, 1), buffer_(new char[buffer_size]) {}

void ReplyStream::make_room() noexcept {
  // Only a few bytes of an unfinished first line can be left over.
  std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
  scanned_ -= begin_;
  end_ -= begin_;
  begin_ = 0;
}

ReplyStream::Progress ReplyStream::refuse() {
  problem_ = gate_.problem();
  return gate_.too_large() ? Progress::too_large : Progress::malformed;
}

ReplyStream::Progress ReplyStream::feed_reader(Reply& target) {
  const auto progress = reader_.feed(buffer_.get() + begin_, scanned_ - begin_, target);
  begin_ = scanned_;
  switch (progress) {
    case ReplyReader::Progress::more:
      return Progress::more;
    case ReplyReader::Progress::complete:
      return Progress::complete;
    case ReplyReader::Progress::failed:
    case ReplyReader::Progress::no_memory:
      break;
  }
  problem_ = reader_.problem();
  return progress == ReplyReader::Progress::failed ? Progress::malformed : Progress::no_memory;
}

// The usual value has come with its first line.
inline bool ReplyStream::take_whole_payload() noexcept {
  const char* const payload = buffer_.get() + begin_;
  const std::size_t size = destination_.size();
  if (end_ - begin_ < size + 2 || payload[size] != '\r' || payload[size + 1] != '\n') return false;
  std::memcpy(destination_.data(), payload, size);
  destination_ = {};
  gate_.skip_whole_payload();
  begin_ = scanned_ = begin_ + size + 2;
  return true;
}

ReplyStream::Progress ReplyStream::next(Reply& target) {
  for (;;) {
    if (!destination_.empty()) {
      const auto count = std::min(destination_.size(), end_ - begin_);
      if (count != 0) {
        std::memcpy(destination_.data(), buffer_.get() + begin_, count);
        destination_ = destination_.subspan(count);
        gate_.skip(count);
        begin_ = scanned_ = begin_ + count;
      }
      if (!destination_.empty()) return Progress::more;
    }
    const auto step = gate_.scan(buffer_.get() + scanned_, end_ - scanned_);
    scanned_ += step.taken;
    switch (step.verdict) {
      case FrameGate::Verdict::refused:
        return refuse();
      case FrameGate::Verdict::payload:
        try {
          destination_ = target.value.resize_for_overwrite(gate_.payload_left());
        } catch (const std::bad_alloc&) {
          problem_ = "no memory for the value";
          return Progress::no_memory;
        }
        target.kind = ReplyKind::bulk;
        begin_ = scanned_;
        if (take_whole_payload()) return Progress::complete;
        direct_ = true;
        break;
      case FrameGate::Verdict::frame:
        if (direct_) {
          direct_ = false;
          begin_ = scanned_;
          return Progress::complete;
        }
        if (gate_.is_number()) {
          target.kind = ReplyKind::integer;
          target.integer = gate_.number();
          begin_ = scanned_;
          return Progress::complete;
        }
        if (const auto progress = feed_reader(target); progress != Progress::more) return progress;
        problem_ = "the reply ended before it was complete";
        return Progress::malformed;
      case FrameGate::Verdict::more:
        if (direct_) {
          begin_ = scanned_;
          return Progress::more;
        }
        // The first line of a bulk decides who gets it, so it waits here until it is whole; and a number needs no reader.
        if (begin_ == scanned_ || gate_.in_number()) return Progress::more;
        return feed_reader(target);
    }
  }
}

}  // namespace cachesite::redis
