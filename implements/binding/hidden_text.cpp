#include "binding/hidden_text.hpp"

#include "binding/secret_scrubber.hpp"

#include <algorithm>
#include <limits>

namespace cachesite::binding {

namespace {

void add_positions(const Node& node, std::vector<Position>& positions) {
  positions.push_back(node.position);
  for (const auto& element : node.elements)
    add_positions(element, positions);
  for (const auto& member : node.members) {
    positions.push_back(member.key_position);
    add_positions(member.value, positions);
  }
}

std::vector<Position> positions_of(const Node& root) {
  std::vector<Position> positions;
  add_positions(root, positions);
  std::sort(positions.begin(), positions.end());
  return positions;
}

std::string_view without_line_end(std::string_view line) {
  return line.substr(0, line.find('\n'));
}

}  // namespace

HiddenText::HiddenText(const Document& document, const std::vector<HiddenPlace>& places)
    : source_(document.source) {
  if (places.empty()) return;
  if (source_) {
    starts_.push_back(0);
    for (auto end = source_->find('\n'); end != std::string::npos; end = source_->find('\n', end + 1))
      starts_.push_back(end + 1);
  }
  const auto positions = positions_of(document.root);
  for (const auto& place : places) {
    lines_.emplace_back(place.position.line, last_line(place.position, positions));
    for (auto rest = place.text; !rest.empty();) {
      const auto part = without_line_end(rest);
      if (part.size() >= SecretScrubber::shortest) texts_.emplace_back(part);
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    }
  }
  std::sort(texts_.begin(), texts_.end());
  texts_.erase(std::unique(texts_.begin(), texts_.end()), texts_.end());
}

// Where a value ends is not known, but it ends before the next thing begins. That may begin in the last line
// of the value, unless it is the first in its line.
std::uint32_t HiddenText::last_line(Position first, const std::vector<Position>& positions) const {
  const auto next = std::upper_bound(positions.begin(), positions.end(), first);
  if (next == positions.end()) return std::numeric_limits<std::uint32_t>::max();
  if (next->line <= first.line) return first.line;
  const auto before = line(next->line).substr(0, next->column - 1);
  const bool begins_line = before.find_first_not_of(" \t-?{[") == std::string_view::npos;
  return begins_line ? next->line - 1 : next->line;
}

std::string_view HiddenText::line(std::uint32_t number) const {
  if (number == 0 || number > starts_.size()) return {};
  return without_line_end(std::string_view(*source_).substr(starts_[number - 1]));
}

bool HiddenText::has_line(std::uint32_t number) const {
  return std::any_of(
             lines_.begin(), lines_.end(),
             [number](const auto& range) { return number >= range.first && number <= range.second; }) ||
         is_in(line(number));
}

bool HiddenText::is_in(std::string_view text) const noexcept {
  return std::any_of(texts_.begin(), texts_.end(), [text](const std::string& hidden) {
    return text.find(hidden) != std::string_view::npos;
  });
}

}  // namespace cachesite::binding
