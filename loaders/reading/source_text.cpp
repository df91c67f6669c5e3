#include "reading/source_text.hpp"

#include <algorithm>
#include <cstdio>

namespace cachesite::reading {
namespace {

bool starts_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

std::uint32_t count_characters(std::string_view text) {
  return static_cast<std::uint32_t>(std::count_if(text.begin(), text.end(), starts_character));
}

/// Bytes of the character at `offset`, 0 when it is no UTF-8.
std::size_t character_length(std::string_view text, std::size_t offset) {
  const auto byte = [&](std::size_t index) {
    return index < text.size() ? static_cast<unsigned char>(text[index]) : 0U;
  };
  const unsigned first = byte(offset);
  const auto follows = [&](std::size_t index, unsigned least, unsigned most) {
    return byte(offset + index) >= least && byte(offset + index) <= most;
  };
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1, 0x80, 0xBF) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned least = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned most = first == 0xED ? 0x9F : 0xBF;
    return follows(1, least, most) && follows(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned least = first == 0xF0 ? 0x90 : 0x80;
    const unsigned most = first == 0xF4 ? 0x8F : 0xBF;
    return follows(1, least, most) && follows(2, 0x80, 0xBF) && follows(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

std::string code_point(unsigned value) {
  char text[16];
  std::snprintf(text, sizeof text, "U+%04X", value);
  return text;
}

bool looks_like_utf16(std::string_view text) {
  return text.substr(0, 2) == "\xFF\xFE" || text.substr(0, 2) == "\xFE\xFF" ||
         (text.size() >= 2 && (text[0] == '\0') != (text[1] == '\0'));
}

}  // namespace

Position SourceText::position(std::size_t offset) const {
  const std::string_view text = *text_;
  offset = std::min(offset, text.size());
  const auto forward = [&](std::size_t from, Position place) {
    for (std::size_t index = from; index < offset; ++index) {
      if (text[index] == '\n') {
        ++place.line;
        place.column = 1;
      } else if (index + 1 >= text.size() || starts_character(text[index + 1])) {
        ++place.column;
      }
    }
    return place;
  };
  if (offset >= known_offset_) {
    known_ = forward(known_offset_, known_);
  } else {
    const std::string_view between = text.substr(offset, known_offset_ - offset);
    const auto lines = static_cast<std::uint32_t>(std::count(between.begin(), between.end(), '\n'));
    if (lines == 0) {
      known_.column -= count_characters(between);
    } else {
      const std::size_t previous = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
      const std::size_t start = previous == std::string_view::npos ? 0 : previous + 1;
      known_ = forward(start, {known_.line - lines, 1});
    }
  }
  known_offset_ = offset;
  return known_;
}

std::uint32_t SourceText::characters(std::size_t start, std::size_t end) const {
  const std::string_view range = std::string_view(*text_).substr(start, end - start);
  return range.find('\n') == std::string_view::npos ? count_characters(range) : 0;
}

TextFault find_text_fault(std::string_view text) {
  for (std::size_t offset = 0; offset < text.size();) {
    const auto byte = static_cast<unsigned char>(text[offset]);
    if (byte >= 0x20 && byte < 0x7F) {
      ++offset;
      continue;
    }
    const std::size_t length = character_length(text, offset);
    if (length == 0)
      return {
          offset, "the text is not valid UTF-8",
          looks_like_utf16(text) ? "it looks like UTF-16; save the file as UTF-8" : "save the file as UTF-8"};
    if (byte == '\r' && text.substr(offset, 2) != "\r\n")
      return {offset, "a carriage return without a line feed after it", "end lines with a line feed"};
    if (byte == '\0')
      return {offset, "a NUL character",
              looks_like_utf16(text) ? "it looks like UTF-16; save the file as UTF-8" : ""};
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F)
      return {offset, "the control character " + code_point(byte),
              "write it as an escape between double quotes"};
    if (byte == 0xC2 && static_cast<unsigned char>(text[offset + 1]) < 0xA0)
      return {offset, "the control character " + code_point(static_cast<unsigned char>(text[offset + 1])),
              "write it as an escape between double quotes"};
    if (text.substr(offset).starts_with(byte_order_mark))
      return {offset, "a byte order mark inside the text", "remove it"};
    offset += length;
  }
  return {};
}

}  // namespace cachesite::reading
