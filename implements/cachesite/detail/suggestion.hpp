#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// `did you mean "max_size"?` for the known word that a mistyped one most likely means, by the rule of all
/// messages of the library; empty when none is near enough. May be called from any thread.
[[nodiscard]] std::string did_you_mean(std::string_view written, const std::vector<std::string>& known);

}  // namespace cachesite
