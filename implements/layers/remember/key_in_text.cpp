#include "layers/remember/key_in_text.hpp"

#include <cachesite/detail/stable_hash.hpp>
#include <cachesite/mutex.hpp>

#include <cstdint>

namespace cachesite::remembering {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

}  // namespace

std::string key_in_text(std::string_view key) {
  constexpr std::size_t longest = 16;
  std::string text = "\"";
  for (const char character : key.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte >= 0x7f) {
      text.append("\\x").append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
    } else {
      if (character == '"' || character == '\\') text.push_back('\\');
      text.push_back(character);
    }
  }
  text.append(key.size() > longest ? "...\"" : "\"");
  return text;
}

std::string mutex_name(std::string_view key) {
  if (key.size() <= IMutexSite::longest_name) return std::string(key);
  // Two keys with the same name would wait for each other and be right all the same.
  std::uint64_t hash = stable_hash(key);
  std::string name(key.substr(0, IMutexSite::longest_name - 17));
  name.push_back(':');
  for (int digit = 0; digit < 16; ++digit, hash >>= 4U)
    name.push_back(digits[hash & 15U]);
  return name;
}

}  // namespace cachesite::remembering
