#include <cachesite/version.hpp>

#include <stdexcept>
#include <string>

namespace cachesite {

namespace {

std::string version_text(std::uint32_t number) {
  return std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." +
         std::to_string(number % 100);
}

// The part of a version that stands for one binary interface.
std::uint32_t interface_of(std::uint32_t number) {
  return number < 10000 ? number / 100 : number / 10000 * 100;
}

}  // namespace

std::string_view library_version() noexcept {
  return CACHESITE_VERSION_TEXT;
}

namespace detail {

void HeaderVersion::require_library() const {
  if (interface_of(number_) != interface_of(CACHESITE_VERSION))
    throw std::logic_error("this program is compiled with the headers of cachesite " + version_text(number_) +
                           ", and runs with the library of " CACHESITE_VERSION_TEXT
                           "; compile it with the headers of that version");
}

}  // namespace detail

}  // namespace cachesite
