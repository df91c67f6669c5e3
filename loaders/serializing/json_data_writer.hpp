#pragma once

#include <cachesite/data.hpp>
#include <cachesite/result.hpp>

#include <string>

namespace cachesite::serializing {

Status write_json_data(const Data& data, bool ascii, NamingPolicy names, std::string& bytes);

}  // namespace cachesite::serializing
