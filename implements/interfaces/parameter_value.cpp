#include <cachesite/detail/parameter_value.hpp>

namespace cachesite {

bool ParameterValue::equals(const ParameterValue& other) const {
  return data == other.data;
}

}  // namespace cachesite
