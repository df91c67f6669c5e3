#pragma once

#include <cachesite/result.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cachesite {

/// How a serialiser writes the names of a struct's fields, and under which names it reads them.
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

/// `name` in the form of `policy`. Digits belong to the word before them. Underscores at either end stay, and
/// so does a name that holds anything but ASCII letters, digits and underscores.
///
/// Camel case: what follows underscores begins with a capital, and they go; a capital at the start becomes
/// small when a small letter follows. Other letters stay, and so does a name without small letters:
/// `http_url2` is `httpUrl2`, and `userID`, `HTTPServer` and `MAX_SIZE` are what they are. These are the
/// names of rick's encoder.
///
/// Snake case: an underscore goes before a capital that follows a small letter or a digit, and before the
/// last of several capitals when a small letter follows; all letters become small: `HTTPServer` is
/// `http_server`, `userID2` is `user_id2`.
[[nodiscard]] std::string renamed(std::string_view name, NamingPolicy policy);

/// Fails with `bad_argument` when `policy` gives two of `names` the same form.
[[nodiscard]] Status check_distinct(std::span<const std::string_view> names, NamingPolicy policy);

}  // namespace cachesite
