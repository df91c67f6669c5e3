#include "writing/quoted_text.hpp"

#include "reading/plain_scalar.hpp"
#include "reading/source_text.hpp"

#include <cstdio>
#include <stdexcept>

namespace cachesite::writing {
namespace {

std::size_t skip_control_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x20 || first == 0x7F) return 1;
  if (first == 0xC2 && text.size() > 1 && static_cast<unsigned char>(text[1]) < 0xA0) return 2;
  return text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
}

void append_escape(std::string& output, std::string_view character) {
  switch (character[0]) {
    case '\n':
      output += "\\n";
      return;
    case '\r':
      output += "\\r";
      return;
    case '\t':
      output += "\\t";
      return;
    default:
      break;
  }
  unsigned point = static_cast<unsigned char>(character[0]);
  if (character.size() == 2) point = static_cast<unsigned char>(character[1]);
  if (character.size() == 3) point = 0xFEFF;
  char escape[8];
  std::snprintf(escape, sizeof escape, "\\u%04x", point);
  output += escape;
}

/// Everything that the readers accept in plain text apart from letters, digits and what is above ASCII.
constexpr std::string_view harmless = "_./+-%=@~ ()$:";

bool is_harmless(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || harmless.find(character) != std::string_view::npos ||
         static_cast<unsigned char>(character) >= 0x80;
}

}  // namespace

void append_quoted(std::string& output, std::string_view text) {
  output += '"';
  std::string_view rest = text;
  while (!rest.empty()) {
    const reading::TextFault fault = reading::find_text_fault(rest);
    const std::string_view clean = fault.message.empty() ? rest : rest.substr(0, fault.offset);
    for (const char character : clean) {
      if (character == '"' || character == '\\') output += '\\';
      if (character == '\n' || character == '\t' || character == '\r')
        append_escape(output, {&character, 1});
      else
        output += character;
    }
    rest.remove_prefix(clean.size());
    if (rest.empty()) break;
    const std::size_t control = skip_control_bytes(rest);
    if (control == 0)
      throw std::invalid_argument("text that is not UTF-8 cannot be written to a component file");
    append_escape(output, rest.substr(0, control));
    rest.remove_prefix(control);
  }
  output += '"';
}

bool is_plain_text(std::string_view text) {
  if (text.empty() || reading::kind_of_plain(text) != Node::Kind::text) return false;
  // Words and numbers that other readers of YAML take for something else than text.
  for (const std::string_view word :
       {"true", "True", "TRUE", "false", "False", "FALSE", "yes", "Yes", "YES", "no", "No",
        "NO",   "on",   "On",   "ON",    "off",   "Off",   "OFF", "y",   "Y",   "n",  "N"})
    if (text == word) return false;
  const char first = text.front();
  const bool begins_well = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_' ||
                           first == '/' || static_cast<unsigned char>(first) >= 0x80;
  if (!begins_well || text.back() == ' ' || text.back() == ':') return false;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (!is_harmless(text[index])) return false;
    if (text[index] == ':' && text[index + 1] == ' ') return false;
  }
  return reading::find_text_fault(text).message.empty();
}

}  // namespace cachesite::writing
