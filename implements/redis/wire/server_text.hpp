#pragma once

#include <string>
#include <string_view>

namespace cachesite::redis {

/// What a server's error says, fit for a message: short, printable, and without the arguments that servers
/// repeat for unknown commands.
inline std::string readable_server_error(std::string_view text) {
  constexpr std::size_t longest = 160;
  const auto arguments = text.find(", with args beginning with");
  if (arguments != std::string_view::npos) text = text.substr(0, arguments);
  const bool cut = text.size() > longest;
  std::string readable(text.substr(0, longest));
  for (char& character : readable)
    if (character < ' ' || character > '~') character = '?';
  if (cut) readable += "...";
  return readable;
}

}  // namespace cachesite::redis
