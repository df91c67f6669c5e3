#pragma once

#include <cachesite/result.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

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
[[nodiscard]] std::string renamed(std::string_view name, NamingPolicy policy);

/// Fails with `bad_argument` when `policy` gives two of `names` the same form.
[[nodiscard]] Status check_distinct(std::span<const std::string_view> names, NamingPolicy policy);

}  // namespace cachesite
