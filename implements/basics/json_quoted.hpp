#pragma once

#include "basics/utf8.hpp"

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

namespace cachesite::basics {

// Appends the text as a JSON string; each byte that is no UTF-8 becomes U+FFFD.
inline void append_json_quoted(std::string& json, std::string_view text) {
  json += '"';
  for (std::size_t offset = 0; offset < text.size();) {
    const auto [point, length] = decode_utf8(text, offset);
    if (length == 0) {
      json += "\\ufffd";
      ++offset;
      continue;
    }
    if (point == '"' || point == '\\') {
      json.append(1, '\\').append(1, static_cast<char>(point));
    } else if (point < 0x20 || point == 0x7F) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(point));
      json += escape.data();
    } else {
      json.append(text, offset, length);
    }
    offset += length;
  }
  json += '"';
}

}  // namespace cachesite::basics
