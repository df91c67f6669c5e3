#include "basics/utf8.hpp"

#include <cachesite/detail/problem_text.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

namespace cachesite {
namespace {

constexpr std::size_t widest_line = 100;
constexpr std::size_t tab_stop = 4;
constexpr std::string_view more_problems = "E100";
constexpr std::string_view more_start = "and ";

/// One character of a shown line: its text for the terminal and the columns it takes there.
struct Glyph {
  std::string text;
  std::size_t width;
};

using PointRange = std::pair<char32_t, char32_t>;

bool within(char32_t point, const auto& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [point](const PointRange& range) {
    return point >= range.first && point <= range.second;
  });
}

std::size_t columns(char32_t point) {
  static constexpr std::array<PointRange, 4> joined{
      {{0x300, 0x36F}, {0x483, 0x489}, {0x591, 0x5BD}, {0x20D0, 0x20FF}}};
  static constexpr std::array<PointRange, 9> wide{{{0x1100, 0x115F},
                                                   {0x2E80, 0x303E},
                                                   {0x3041, 0xA4CF},
                                                   {0xAC00, 0xD7A3},
                                                   {0xF900, 0xFAFF},
                                                   {0xFE30, 0xFE6F},
                                                   {0xFF00, 0xFF60},
                                                   {0x1F300, 0x1FAFF},
                                                   {0x20000, 0x3FFFD}}};
  if (point < 0x300) return 1;
  return within(point, joined) ? 0 : within(point, wide) ? 2 : 1;
}

std::string hexadecimal(std::string_view prefix, char32_t value, int digits) {
  std::string text(prefix);
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
    text += "0123456789abcdef"[(value >> static_cast<unsigned>(shift)) & 0xFU];
  return text;
}

/// Characters that a terminal obeys instead of showing (controls, line separators, direction overrides), and
/// those that nobody sees or that look like a space: marks, joiners, selectors, tags, fillers.
bool is_unprintable(char32_t point) {
  static constexpr std::array<PointRange, 21> unseen{
      {{0x7F, 0xA0},      {0xAD, 0xAD},     {0x34F, 0x34F},   {0x61C, 0x61C},     {0x115F, 0x1160},
       {0x1680, 0x1680},  {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x2000, 0x200F},   {0x2028, 0x202F},
       {0x205F, 0x206F},  {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},   {0xFE00, 0xFE0F},
       {0xFEFF, 0xFEFF},  {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
       {0xE0000, 0xE0FFF}}};
  return point < 0x20 || (point >= 0x7F && within(point, unseen));
}

std::string escaped(char32_t point) {
  if (point < 0x100) return hexadecimal("\\x", point, 2);
  return point < 0x10000 ? hexadecimal("\\u", point, 4) : hexadecimal("\\U", point, 8);
}

std::vector<Glyph> glyphs(std::string_view text, bool tabs_as_spaces) {
  std::vector<Glyph> result;
  std::size_t column = 0;
  for (std::size_t offset = 0; offset < text.size();) {
    const auto [point, length] = basics::decode_utf8(text, offset);
    Glyph glyph;
    if (length == 0)
      glyph.text = hexadecimal("\\x", static_cast<unsigned char>(text[offset]), 2);
    else if (point == '\t' && tabs_as_spaces)
      glyph.text.assign(tab_stop - column % tab_stop, ' ');
    else if (point == '\t' || point == '\n' || point == '\r')
      glyph.text = point == '\t' ? "\\t" : point == '\n' ? "\\n" : "\\r";
    else if (is_unprintable(point))
      glyph.text = escaped(point);
    else
      glyph.text = text.substr(offset, length);
    const bool shown_as_is = length != 0 && glyph.text.size() == length && !is_unprintable(point);
    glyph.width = shown_as_is ? columns(point) : glyph.text.size();
    column += glyph.width;
    result.push_back(std::move(glyph));
    offset += std::max<std::size_t>(length, 1);
  }
  return result;
}

std::string_view line_of(std::string_view source, std::uint32_t number) {
  std::size_t start = 0;
  for (std::uint32_t line = 1; line < number; ++line) {
    const std::size_t end = source.find('\n', start);
    if (end == std::string_view::npos) return {};
    start = end + 1;
  }
  std::string_view line = source.substr(start, source.find('\n', start) - start);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

/// The part of a line around a place, so that the cost does not grow with the line.
struct Excerpt {
  std::string_view text;
  std::size_t place = 0;  // in characters from the start of `text`
  bool cut_before = false;
  bool cut_after = false;
};

bool starts_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

Excerpt excerpt_around(std::string_view line, std::uint32_t column) {
  std::size_t place = 0;
  std::size_t characters = 0;
  while (place < line.size() && characters + 1 < column) {
    do
      ++place;
    while (place < line.size() && !starts_character(line[place]));
    ++characters;
  }
  Excerpt excerpt;
  std::size_t start = place;
  for (; start > 0 && excerpt.place < 2 * widest_line; ++excerpt.place) {
    do
      --start;
    while (start > 0 && !starts_character(line[start]));
  }
  const std::size_t end = std::min(line.size(), place + 4 * widest_line);
  excerpt.text = line.substr(start, end - start);
  excerpt.cut_before = start > 0;
  excerpt.cut_after = end < line.size();
  return excerpt;
}

void append_line(std::string& text, const Problem& problem, const Excerpt& excerpt) {
  const std::vector<Glyph> all = glyphs(excerpt.text, true);
  const std::size_t place = std::min(excerpt.place, all.size());
  std::size_t before = 0;
  std::size_t whole = 0;
  for (std::size_t index = 0; index < all.size(); ++index) {
    if (index == place) before = whole;
    whole += all[index].width;
  }
  if (place == all.size()) before = whole;

  std::size_t first = 0;
  while (before > widest_line / 2 && whole > widest_line) {
    before -= all[first].width;
    whole -= all[first++].width;
  }
  std::size_t last = first;
  for (std::size_t shown = 0; last < all.size() && shown + all[last].width <= widest_line; ++last)
    shown += all[last].width;
  const bool cut_before = excerpt.cut_before || first > 0;

  const std::string number = std::to_string(problem.position.line);
  const std::size_t gutter = std::max<std::size_t>(number.size(), 5);
  text += '\n' + std::string(gutter - number.size(), ' ') + number + " | ";
  if (cut_before) text += "...";
  for (std::size_t index = first; index < last; ++index)
    text += all[index].text;
  if (excerpt.cut_after || last < all.size()) text += "...";

  std::size_t underline = 0;
  for (std::size_t index = place; index < std::min(place + problem.length, last); ++index)
    underline += all[index].width;
  text += '\n' + std::string(gutter, ' ') + " | " + std::string(before + (cut_before ? 3 : 0), ' ') + '^';
  if (underline > 1) text.append(underline - 1, '~');
  if (!problem.hint.empty()) text += ' ' + printable(problem.hint, 400);
}

/// Takes out what stands for further problems, and says how many they are.
std::size_t take_further(std::vector<Problem>& problems) {
  std::size_t further = 0;
  for (const auto& problem : problems) {
    if (problem.id != more_problems) continue;
    std::size_t count = 0;
    const std::string& text = problem.message;
    std::from_chars(text.data() + std::min(more_start.size(), text.size()), text.data() + text.size(), count);
    further += count;
  }
  std::erase_if(problems, [](const Problem& problem) { return problem.id == more_problems; });
  return further;
}

std::string last_file(const std::vector<Problem>& problems) {
  return problems.empty() ? std::string() : problems.back().file;
}

}  // namespace

std::string printable(std::string_view text, std::size_t most) {
  std::string result;
  std::size_t count = 0;
  for (const auto& glyph : glyphs(text.substr(0, most * 4 + 4), false)) {
    if (count++ == most) return result + "...";
    result += glyph.text;
  }
  return result;
}

std::string to_text(const Problem& problem) {
  std::string text;
  if (!problem.file.empty()) {
    text += printable(problem.file, 4096) + ':';
    if (problem.position.line > 0)
      text += std::to_string(problem.position.line) + ':' + std::to_string(problem.position.column) + ':';
    text += ' ';
  }
  text += problem.severity == Problem::Severity::error ? "error" : "warning";
  if (!problem.id.empty()) text += '[' + problem.id + ']';
  text += ": " + printable(problem.message, 2000);

  if (problem.source && problem.position.line > 0 && !problem.confidential) {
    append_line(text, problem,
                excerpt_around(line_of(*problem.source, problem.position.line), problem.position.column));
    return text;
  }
  if (!problem.hint.empty()) text += " (" + printable(problem.hint, 400) + ')';
  return text;
}

std::string to_text(const std::vector<Problem>& problems) {
  std::string text;
  for (const auto& problem : problems) {
    if (!text.empty()) text += '\n';
    text += to_text(problem);
  }
  return text;
}

Problem further_problems(std::size_t count, std::string file) {
  Problem rest;
  rest.id = more_problems;
  rest.file = std::move(file);
  rest.message =
      std::string(more_start) + std::to_string(count) + (count == 1 ? " more problem" : " more problems");
  return rest;
}

void sort_problems(std::vector<Problem>& problems) {
  const std::size_t further = take_further(problems);
  std::map<std::string, std::size_t> files;
  for (const auto& problem : problems)
    files.emplace(problem.file, files.size());
  const auto key = [&](const Problem& problem) {
    return std::tuple(files.at(problem.file), problem.position, std::string_view(problem.id),
                      std::string_view(problem.message));
  };
  std::stable_sort(problems.begin(), problems.end(),
                   [&](const Problem& left, const Problem& right) { return key(left) < key(right); });
  problems.erase(
      std::unique(problems.begin(), problems.end(),
                  [&](const Problem& left, const Problem& right) { return key(left) == key(right); }),
      problems.end());
  if (further > 0) problems.push_back(further_problems(further, last_file(problems)));
}

LoadError make_load_error(std::vector<Problem> problems, std::size_t most) {
  sort_problems(problems);
  std::size_t further = take_further(problems);
  auto severity = further > 0 ? Problem::Severity::error : Problem::Severity::warning;
  while (problems.size() > most) {
    if (problems.back().severity == Problem::Severity::error) severity = Problem::Severity::error;
    problems.pop_back();
    ++further;
  }
  if (further > 0) {
    problems.push_back(further_problems(further, last_file(problems)));
    problems.back().severity = severity;
  }
  const std::string text = to_text(problems);
  return LoadError(std::move(problems), text);
}

}  // namespace cachesite
