#include <cachesite/data_traits.hpp>

#include <string>
#include <string_view>

namespace cachesite::detail {

Error missing_field(std::string_view name, NamingPolicy naming) {
  return Error(ErrorCode::corrupt, "the field \"" + renamed(name, naming) + "\" is missing");
}

Error failure_of_field(std::string_view name, const Error& error) {
  return Error(error.code(), std::string(name) + ": " + std::string(error.message()));
}

}  // namespace cachesite::detail
