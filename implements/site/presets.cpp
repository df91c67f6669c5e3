#include "site/presets.hpp"

#include <algorithm>

namespace cachesite::site {

void leave_out_unfitting_presets(const ComponentClass& component_class, void* options,
                                 std::vector<ParameterOrigin>& origins) {
  const auto is_preset = [](const ParameterOrigin& origin) {
    return origin.kind == ParameterOrigin::Kind::alias;
  };
  if (std::none_of(origins.begin(), origins.end(), is_preset)) return;
  const auto defaults = component_class.make_options();
  for (const auto& complaint : component_class.complaints(options)) {
    const auto erased = std::erase_if(origins, [&](const auto& origin) {
      return is_preset(origin) && origin.parameter == complaint.parameter;
    });
    if (erased == 0) continue;
    const auto* declaration = component_class.parameters.find(complaint.parameter);
    declaration->store(options, declaration->load(defaults.get()));
  }
}

}  // namespace cachesite::site
