#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cachesite::binding {

// Finds the word that a mistyped one most likely means: the nearest by insertions, deletions, replacements
// and swaps of neighbours (Damerau-Levenshtein in its restricted form, capital letters counting as small
// ones), if it is near enough for its length.
class Suggestion {
 public:
  explicit Suggestion(std::string_view wanted);

  void offer(std::string_view candidate);
  // Empty when nothing is near enough.
  [[nodiscard]] const std::string& best() const noexcept { return best_; }
  // `did you mean "max_size"?`, or empty.
  [[nodiscard]] std::string question() const;

 private:
  std::string wanted_;
  std::string best_;
  std::size_t distance_;
};

}  // namespace cachesite::binding
