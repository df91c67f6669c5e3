#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/result.hpp>

#include <string>

namespace cachesite {

/// Text as it is: the bytes of a value are the characters of a std::string, whatever they are.
struct TextSerializer {
  Status write(const std::string& value, std::string& bytes) const {
    bytes = value;
    return Done{};
  }
  Result<Found> read(ByteView bytes, std::string& value) const {
    value.assign(bytes.data(), bytes.size());
    return Found::hit;
  }
};

}  // namespace cachesite
