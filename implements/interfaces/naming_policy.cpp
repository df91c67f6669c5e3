#include "interfaces/letter_case.hpp"

#include <cachesite/data.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

std::string renamed(std::string_view name, NamingPolicy policy) {
  const auto first = name.find_first_not_of('_');
  const bool plain = std::all_of(name.begin(), name.end(), [](char character) {
    return character == '_' || detail::is_letter_or_digit(character);
  });
  if (policy == NamingPolicy::as_is || !plain || first == std::string_view::npos) return std::string(name);
  const auto end = name.find_last_not_of('_') + 1;
  std::string result(name.substr(0, first));
  const auto words = name.substr(first, end - first);
  if (policy == NamingPolicy::camel)
    detail::append_in_camel_case(words, result);
  else
    detail::append_in_snake_case(words, result);
  return result.append(name.substr(end));
}

Status check_distinct(std::span<const std::string_view> names, NamingPolicy policy) {
  std::vector<std::pair<std::string, std::string_view>> forms;
  forms.reserve(names.size());
  for (const auto name : names)
    forms.emplace_back(renamed(name, policy), name);
  std::sort(forms.begin(), forms.end());
  const auto same = std::adjacent_find(forms.begin(), forms.end(), [](const auto& left, const auto& right) {
    return left.first == right.first;
  });
  if (same == forms.end()) return Done{};
  const auto quoted = [](std::string_view text) { return '"' + std::string(text) + '"'; };
  return Error(ErrorCode::bad_argument, "the fields " + quoted(same->second) + " and " +
                                            quoted(std::next(same)->second) + " are both " +
                                            quoted(same->first) + " in " + std::string(to_string(policy)));
}

}  // namespace cachesite
