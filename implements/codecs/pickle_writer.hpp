#pragma once

#include <cachesite/data.hpp>
#include <cachesite/result.hpp>

#include <cstdint>
#include <string>

namespace cachesite::codecs {

// Appends the pickle of `data` to `bytes`.
Status write_pickle(const Data& data, std::uint8_t protocol, std::string& bytes);

}  // namespace cachesite::codecs
