#include <cachesite/detail/data_conversion.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace cachesite {

Error unexpected_data(std::string_view expected, const Data& found) {
  return Error(ErrorCode::corrupt,
               "expected " + std::string(expected) + ", found " + std::string(to_string(found.kind())));
}

Error unexpected_data(std::string_view what, std::size_t number, const Data& found) {
  return unexpected_data(std::string(what) + std::to_string(number), found);
}

}  // namespace cachesite
