#pragma once

#include <cachesite/data.hpp>
#include <cachesite/result.hpp>

#include <string_view>

namespace cachesite::serializing {

Result<Data> read_json_data(std::string_view text, const DataLimits& limits, NamingPolicy names);

}  // namespace cachesite::serializing
