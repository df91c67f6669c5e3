#pragma once

#include <string>
#include <string_view>

namespace cachesite::redis {

/// The SHA-1 of a text in lower-case hexadecimal digits, which is what Redis calls a script. Throws
/// std::runtime_error when the cryptographic library does not offer SHA-1.
[[nodiscard]] std::string script_digest(std::string_view text);

}  // namespace cachesite::redis
