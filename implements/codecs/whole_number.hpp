#pragma once

#include <cachesite/data.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace cachesite::codecs {

// Whole numbers of any size, as Python stores them: two's complement, least byte first, as short as can be.
// Numbers of more than `longest_whole_number` bytes are nothing.
inline constexpr std::size_t longest_whole_number = 4096;
std::optional<Data> whole_number_of_bytes(std::string_view bytes);
std::optional<std::string> bytes_of_digits(std::string_view digits);

}  // namespace cachesite::codecs
