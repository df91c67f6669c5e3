#include <cachesite/config.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace cachesite {

template <class Number>
std::optional<Number> IConfigSession::number(std::string_view key, std::string_view what) const {
  const auto text = get_value(key);
  if (!text) return std::nullopt;
  Number result{};
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, result);
  if (error != std::errc{} || stop != end) throw wrong(key, what);
  return result;
}

std::optional<std::int64_t> IConfigSession::get_integer(std::string_view key) const {
  return number<std::int64_t>(key, "a whole number");
}

std::optional<double> IConfigSession::get_real(std::string_view key) const {
  return number<double>(key, "a number");
}

std::optional<bool> IConfigSession::get_boolean(std::string_view key) const {
  auto text = get_value(key);
  if (!text) return std::nullopt;
  for (char& letter : *text)
    letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  constexpr std::array<std::string_view, 4> yes{"true", "yes", "on", "1"};
  constexpr std::array<std::string_view, 4> no{"false", "no", "off", "0"};
  if (std::find(yes.begin(), yes.end(), *text) != yes.end()) return true;
  if (std::find(no.begin(), no.end(), *text) != no.end()) return false;
  throw wrong(key, "true or false");
}

ConfigValueError IConfigSession::wrong(std::string_view key, std::string_view expected) const {
  return ConfigValueError(
      std::string(key).append(": expected ").append(expected).append(" (").append(origin(key)).append(")"));
}

}  // namespace cachesite
