#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace cachesite::tool {

std::string milliseconds_text(std::chrono::steady_clock::duration time);
/// "p50 0.04 ms, max 0.30 ms". Precondition: there are some.
std::string times_text(std::vector<std::chrono::steady_clock::duration> times);

}  // namespace cachesite::tool
