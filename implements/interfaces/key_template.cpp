#include <cachesite/detail/key_template.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite {

namespace {

bool is_digit(char character) noexcept {
  return character >= '0' && character <= '9';
}
// What numbers may be written with, and '%' of what is escaped.
bool is_common(char character) noexcept {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         is_digit(character) || std::string_view("+-._%").find(character) != std::string_view::npos;
}

void append_escaped(std::string& key, std::string_view argument, char separator) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char character : argument) {
    if (character != separator && character != '%') {
      key.push_back(character);
      continue;
    }
    const auto byte = static_cast<unsigned char>(character);
    key.push_back('%');
    key.push_back(digits[byte >> 4U]);
    key.push_back(digits[byte & 15U]);
  }
}

}  // namespace

KeyTemplate::KeyTemplate(std::string_view text, std::span<const std::string> names, std::size_t arguments)
    : text_(text) {
  check_names(names, arguments);
  std::string literal;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char character = text[at];
    const bool doubled = at + 1 < text.size() && text[at + 1] == character;
    if ((character == '{' || character == '}') && doubled) {
      literal.push_back(character);
      ++at;
    } else if (character == '{') {
      const auto end = text.find_first_of("{}", at + 1);
      if (end == std::string_view::npos || text[end] == '{') refuse("a brace is not closed");
      places_.push_back(
          {std::move(literal), argument_of(text.substr(at + 1, end - at - 1), names, arguments)});
      literal.clear();
      at = end;
    } else if (character == '}') {
      refuse("a brace is closed that was not opened");
    } else {
      literal.push_back(character);
    }
  }
  end_ = std::move(literal);
  for (std::size_t index = 0; index < names.size(); ++index)
    if (!names[index].empty() && !uses(index))
      refuse("the argument \"" + names[index] +
             "\" has no placeholder; if it does not belong to the key, its name is \"\"");
  for (std::size_t index = 0; index + 1 < places_.size(); ++index) {
    const std::string& behind = places_[index + 1].before;
    places_[index].form = behind.empty() || is_common(behind.front()) ? Form::counted : Form::escaped;
    if (!behind.empty()) places_[index].separator = behind.front();
  }
}

KeyTemplate::KeyTemplate(const KeyTemplate& other) = default;
KeyTemplate::KeyTemplate(KeyTemplate&& other) noexcept = default;
KeyTemplate& KeyTemplate::operator=(const KeyTemplate& other) = default;
KeyTemplate& KeyTemplate::operator=(KeyTemplate&& other) noexcept = default;
KeyTemplate::~KeyTemplate() = default;

void KeyTemplate::require_placeholder(std::span<const std::string> names, std::size_t arguments) const {
  if (arguments > 0 && places_.empty() && names.empty())
    refuse(
        "no argument has a placeholder, so all arguments would share one value; "
        "write {0}, or names = {\"\"} if they do not belong to the key");
}

bool KeyTemplate::uses(std::size_t argument) const noexcept {
  return std::any_of(places_.begin(), places_.end(),
                     [=](const Placeholder& place) { return place.argument == argument; });
}

std::string KeyTemplate::key(std::span<const std::string> arguments) const {
  std::string key;
  for (const auto& place : places_) {
    key.append(place.before);
    const std::string& argument = arguments[place.argument];
    if (place.form == Form::counted) key.append(std::to_string(argument.size())).push_back('\'');
    if (place.form == Form::escaped)
      append_escaped(key, argument, place.separator);
    else
      key.append(argument);
  }
  return key.append(end_);
}

void KeyTemplate::refuse(const std::string& reason) const {
  throw std::invalid_argument("key template \"" + text_ + "\": " + reason);
}

void KeyTemplate::check_names(std::span<const std::string> names, std::size_t arguments) const {
  if (names.size() > arguments) refuse("there are more names than arguments");
  for (std::size_t index = 0; index < names.size(); ++index) {
    const std::string& name = names[index];
    if (name.empty()) continue;
    if (is_digit(name.front()) || name.find_first_of("{}") != std::string::npos)
      refuse("\"" + name + "\" cannot be the name of an argument");
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(index), name) !=
        names.begin() + static_cast<std::ptrdiff_t>(index))
      refuse("two arguments are called \"" + name + "\"");
  }
}

std::size_t KeyTemplate::argument_of(std::string_view place, std::span<const std::string> names,
                                     std::size_t arguments) const {
  const auto named = std::find(names.begin(), names.end(), place);
  if (!place.empty() && named != names.end()) return static_cast<std::size_t>(named - names.begin());
  const bool number =
      !place.empty() && place.size() <= 3 && std::all_of(place.begin(), place.end(), is_digit);
  if (number) {
    std::size_t index = 0;
    for (const char digit : place)
      index = index * 10 + static_cast<std::size_t>(digit - '0');
    if (index < arguments) return index;
  }
  refuse("there is no argument {" + std::string(place) + "}");
}

}  // namespace cachesite
