#pragma once

#include <cachesite/detail/key_range.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::layers {

// What holds for a key: that of the first rule whose pattern matches it, else what is usual.
template <class Terms>
class KeyRules {
 public:
  explicit KeyRules(Terms usual = {}) : usual_(std::move(usual)) {}

  void add(const std::string& match, Terms terms) {
    rules_.push_back({match, match.substr(0, match.find_first_of("*?[\\")), std::move(terms)});
  }

  [[nodiscard]] bool empty() const noexcept { return rules_.empty(); }
  [[nodiscard]] const Terms& usual() const noexcept { return usual_; }
  // The place of the rule; nothing when none matches.
  [[nodiscard]] std::optional<std::size_t> place_for(std::string_view key) const noexcept {
    for (std::size_t place = 0; place < rules_.size(); ++place)
      if (key.starts_with(rules_[place].start) && matches_key_pattern(rules_[place].match, key)) return place;
    return std::nullopt;
  }
  [[nodiscard]] const Terms& terms_for(std::string_view key) const noexcept {
    const auto place = place_for(key);
    return place ? rules_[*place].terms : usual_;
  }
  template <class Visit>
  void for_each(Visit visit) const {
    visit(usual_);
    for (const auto& rule : rules_)
      visit(rule.terms);
  }

  friend bool operator==(const KeyRules&, const KeyRules&) = default;

 private:
  struct Rule {
    std::string match;
    std::string start;  // that every matching key has
    Terms terms;

    friend bool operator==(const Rule&, const Rule&) = default;
  };

  Terms usual_;
  std::vector<Rule> rules_;
};

}  // namespace cachesite::layers
