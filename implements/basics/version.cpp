#include <cachesite/version.hpp>

namespace cachesite {

std::string_view library_version() noexcept {
  return CACHESITE_VERSION_TEXT;
}

}  // namespace cachesite
