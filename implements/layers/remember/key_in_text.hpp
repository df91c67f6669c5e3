#pragma once

#include <string>
#include <string_view>

namespace cachesite::remembering {

/// A key for a message: in quotes, its first 16 bytes, what is no printable ASCII escaped.
[[nodiscard]] std::string key_in_text(std::string_view key);

/// The name of the mutex of a key: the key itself when it may be one.
[[nodiscard]] std::string mutex_name(std::string_view key);

}  // namespace cachesite::remembering
