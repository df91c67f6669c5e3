#pragma once

#include "redis/news/news_parser.hpp"
#include "redis/wire/reply.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace cachesite::test {

/// One text for each tree, the same for both parsers.
inline void append_element(const redis::NewsFrame& frame, std::size_t& index, std::string& text) {
  const auto at = index++;
  const auto& element = frame[at];
  if (element.nil) {
    text += "nil,";
    return;
  }
  text += element.type;
  if (!element.is_aggregate()) {
    text += std::string(frame.text(at)) + ",";
    return;
  }
  text += "[";
  for (std::uint32_t count = 0; count < element.size; ++count)
    append_element(frame, index, text);
  text += "],";
}

inline std::string text_of(const redis::NewsFrame& frame) {
  std::string text;
  std::size_t index = 0;
  append_element(frame, index, text);
  return text;
}

inline void append_reply(const redis::Reply& reply, std::string& text) {
  using redis::ReplyKind;
  switch (reply.kind) {
    case ReplyKind::none:
    case ReplyKind::nil:
      text += "nil,";
      return;
    case ReplyKind::integer:
      text += ":" + std::to_string(reply.integer) + ",";
      return;
    case ReplyKind::array:
      text += "*[";
      for (const auto& element : reply.elements)
        append_reply(element, text);
      text += "],";
      return;
    case ReplyKind::status:
    case ReplyKind::error:
    case ReplyKind::bulk:
      text += reply.kind == ReplyKind::status ? '+' : reply.kind == ReplyKind::error ? '-' : '$';
      text += std::string(reply.text()) + ",";
  }
}

/// All frames of bytes that come in pieces, each after its size; "refused" at the end of a refused stream.
inline std::string parse_in_pieces(std::string_view bytes, std::size_t piece, redis::NewsLimits limits = {}) {
  redis::NewsParser parser(limits);
  std::string text;
  while (!bytes.empty()) {
    const auto room = parser.room();
    const auto count = std::min({room.size(), piece, bytes.size()});
    std::memcpy(room.data(), bytes.data(), count);
    parser.received(count);
    bytes.remove_prefix(count);
    for (;;) {
      const auto verdict = parser.next();
      if (verdict == redis::NewsParser::Verdict::more) break;
      if (verdict == redis::NewsParser::Verdict::refused) return text + "refused";
      text += text_of(parser.frame());
    }
  }
  return text;
}

}  // namespace cachesite::test
