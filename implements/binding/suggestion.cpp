#include "binding/suggestion.hpp"

#include <cachesite/detail/suggestion.hpp>

#include <algorithm>
#include <utility>

namespace cachesite::binding {

namespace {

constexpr std::size_t longest_compared = 100;

char small(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::string small(std::string_view text) {
  std::string result(text);
  for (char& letter : result)
    letter = small(letter);
  return result;
}

std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before_last(right.size() + 1);
  std::vector<std::size_t> last(right.size() + 1);
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t column = 0; column <= right.size(); ++column)
    last[column] = column;
  for (std::size_t line = 1; line <= left.size(); ++line) {
    row[0] = line;
    for (std::size_t column = 1; column <= right.size(); ++column) {
      const std::size_t replaced = last[column - 1] + (left[line - 1] == right[column - 1] ? 0 : 1);
      row[column] = std::min({last[column] + 1, row[column - 1] + 1, replaced});
      if (line > 1 && column > 1 && left[line - 1] == right[column - 2] &&
          left[line - 2] == right[column - 1])
        row[column] = std::min(row[column], before_last[column - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[right.size()];
}

}  // namespace

Suggestion::Suggestion(std::string_view wanted)
    : wanted_(wanted.size() <= longest_compared ? small(wanted) : std::string()),
      distance_(wanted_.size() < 2 ? 1 : std::clamp<std::size_t>(wanted_.size() / 3, 1, 3) + 1) {}

void Suggestion::offer(std::string_view candidate) {
  if (wanted_.empty() || candidate.empty()) return;
  const std::size_t longer = std::max(wanted_.size(), candidate.size());
  if (longer - std::min(wanted_.size(), candidate.size()) >= distance_) return;
  const std::size_t found = distance(wanted_, small(candidate));
  if (found >= distance_) return;
  distance_ = found;
  best_ = candidate;
}

std::string Suggestion::question() const {
  return best_.empty() ? std::string() : "did you mean \"" + best_ + "\"?";
}

}  // namespace cachesite::binding

namespace cachesite {

std::string did_you_mean(std::string_view written, const std::vector<std::string>& known) {
  binding::Suggestion suggestion(written);
  for (const auto& word : known)
    suggestion.offer(word);
  return suggestion.question();
}

}  // namespace cachesite
