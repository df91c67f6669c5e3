// The frame gate against hiredis' reader: whatever passes the gate is exactly one reply for the reader, and
// the way the bytes are cut makes no difference.

#include "redis/wire/frame_gate.hpp"
#include "redis/wire/reply_reader.hpp"
#include "redis/wire/reply_stream.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

using namespace cachesite::redis;

namespace {

FrameLimits small_limits() {
  FrameLimits limits;
  limits.largest_bulk = 4096;
  limits.longest_line = 256;
  limits.most_elements = 256;
  limits.largest_frame = 1 << 16;
  return limits;
}

void expect(bool condition) {
  if (!condition) std::abort();
}

/// The ends of the replies, and whether the stream was refused.
struct Frames {
  std::vector<std::size_t> ends;
  bool refused = false;
  friend bool operator==(const Frames&, const Frames&) = default;
};

Frames scan(const char* bytes, std::size_t size, std::size_t piece, std::size_t announce_from) {
  FrameGate gate(small_limits(), announce_from);
  Frames frames;
  for (std::size_t at = 0; at < size;) {
    const auto limit = std::min(size, at + piece);
    while (at < limit) {
      const auto step = gate.scan(bytes + at, limit - at);
      at += step.taken;
      if (step.verdict == FrameGate::Verdict::refused) {
        frames.refused = true;
        return frames;
      }
      if (step.verdict == FrameGate::Verdict::frame) frames.ends.push_back(at);
      expect(step.taken != 0);
    }
  }
  return frames;
}

void append(const Reply& reply, std::string& text) {
  text += std::to_string(static_cast<int>(reply.kind)) + ":";
  if (reply.kind == ReplyKind::integer) text += std::to_string(reply.integer);
  if (reply.kind == ReplyKind::bulk || reply.kind == ReplyKind::status || reply.kind == ReplyKind::error)
    text += reply.text();
  if (reply.kind == ReplyKind::array) {
    text += "[";
    for (const auto& element : reply.elements)
      append(element, text);
    text += "]";
  }
  text += ",";
}

/// Everything that a stream gives for the bytes.
std::string stream(const char* bytes, std::size_t size, std::size_t piece) {
  ReplyStream replies(small_limits());
  std::string text;
  Reply reply;
  while (size != 0) {
    std::array<iovec, 2> places;
    replies.room(places);
    const auto count = std::min({places[0].iov_len, piece, size});
    std::memcpy(places[0].iov_base, bytes, count);
    replies.received(count);
    bytes += count;
    size -= count;
    for (;;) {
      const auto progress = replies.next(reply);
      if (progress == ReplyStream::Progress::more) break;
      if (progress != ReplyStream::Progress::complete) return text + "refused";
      append(reply, text);
      reply = {};
    }
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* const bytes = reinterpret_cast<const char*>(data);
  const auto whole = scan(bytes, size, size + 1, SIZE_MAX);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}})
    expect(scan(bytes, size, piece, SIZE_MAX) == whole);
  expect(scan(bytes, size, 3, 1) == whole);

  std::string text;
  std::size_t begin = 0;
  for (const auto end : whole.ends) {
    ReplyReader reader;
    Reply reply;
    expect(reader.feed(bytes + begin, end - begin, reply) == ReplyReader::Progress::complete);
    append(reply, text);
    ReplyReader shorter;
    Reply unfinished;
    expect(shorter.feed(bytes + begin, end - begin - 1, unfinished) == ReplyReader::Progress::more);
    begin = end;
  }
  if (whole.refused) text += "refused";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, size + 1})
    expect(stream(bytes, size, piece) == text);
  return 0;
}
