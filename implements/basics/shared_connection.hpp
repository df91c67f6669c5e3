#pragma once

#include <cachesite/parameter.hpp>

#include <vector>

namespace cachesite::basics {

/// What is wrong with options that come with a `connection` to another component: whatever of a connection of
/// its own they set.
template <class ConnectionOptions>
[[nodiscard]] std::vector<OptionComplaint> complaints_beside_connection(const ConnectionOptions& given) {
  std::vector<OptionComplaint> complaints;
  const ConnectionOptions defaults;
  const ParameterTable table = ConnectionOptions::parameters();
  for (const auto& declaration : table.declarations())
    if (!(declaration.load(&given) == declaration.load(&defaults)))
      complaints.push_back({declaration.name, declaration.name +
                                                  " belongs to the component that `connection` names; give "
                                                  "it there"});
  return complaints;
}

}  // namespace cachesite::basics
