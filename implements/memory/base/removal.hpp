#pragma once

#include <cachesite/detail/removal_cause.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::memory {

using RemovalListener = std::function<void(std::string_view key, RemovalCause cause)>;

struct Removal {
  std::string key;
  RemovalCause cause;
};

}  // namespace cachesite::memory
