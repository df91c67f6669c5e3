#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace cachesite {

/// The options when they have no complaints. Else throws std::invalid_argument with the first of them, which
/// begins with the name of the class.
template <class Options>
Options checked_options(std::string_view class_name, Options options) {
  const auto complaints = options.complaints();
  if (complaints.empty()) return options;
  const auto& first = complaints.front();
  throw std::invalid_argument(std::string(class_name) + ": " +
                              (first.parameter.empty() ? "" : first.parameter + ": ") + first.message);
}

}  // namespace cachesite
