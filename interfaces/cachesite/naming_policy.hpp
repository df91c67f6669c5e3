#pragma once

#include <cachesite/detail/letter_case.hpp>
#include <cachesite/result.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

/// The form of the names of fields that a serialiser writes and reads.
enum class NamingPolicy : std::uint8_t {
  as_is,  ///< as the struct lists them
  camel,  ///< `user_id` as `userId`
  snake,  ///< `userId` as `user_id`
};

[[nodiscard]] constexpr std::string_view to_string(NamingPolicy policy) noexcept {
  switch (policy) {
    case NamingPolicy::as_is:
      return "as is";
    case NamingPolicy::camel:
      return "camel case";
    case NamingPolicy::snake:
      return "snake case";
  }
  return "unknown";
}

/// `name` in the form of `policy`. Digits belong to the word before them. Underscores at either end do not
/// change, nor does a name with characters other than ASCII letters, digits and underscores.
///
/// Camel case: underscores are removed, and the next letter becomes a capital; a capital at the start becomes
/// small when a small letter follows. Other letters do not change, nor does a name without small letters:
/// `http_url2` is `httpUrl2`, and `userID`, `HTTPServer` and `MAX_SIZE` do not change. These are the names of
/// rick's encoder.
///
/// Snake case: an underscore goes before a capital that follows a small letter or a digit, and before the
/// last of several capitals when a small letter follows; all letters become small: `HTTPServer` is
/// `http_server`, `userID2` is `user_id2`.
[[nodiscard]] inline std::string renamed(std::string_view name, NamingPolicy policy) {
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

/// Fails with `bad_argument` when `policy` gives two of `names` the same form.
[[nodiscard]] inline Status check_distinct(std::span<const std::string_view> names, NamingPolicy policy) {
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
