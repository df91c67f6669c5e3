#include <cachesite/detail/argument_key.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>

namespace cachesite::detail {

void refuse_argument_without_text(std::size_t argument) {
  throw std::invalid_argument("the key template uses argument " + std::to_string(argument) +
                              ", for whose type there is no cache_key_part");
}

}  // namespace cachesite::detail
