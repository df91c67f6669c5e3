#pragma once

#include <cachesite/parameter.hpp>

#include <chrono>
#include <optional>

namespace cachesite::site {

// What a component's mapping may say beside class, entries and parameters.
struct ItemSettings {
  bool lazy = false;
  std::optional<std::chrono::milliseconds> start_timeout;

  static ParameterTable parameters() {
    using O = ItemSettings;
    return {parameter("lazy", &O::lazy, "Whether the component is made at the first lookup only."),
            parameter("start_timeout", &O::start_timeout, "How long the component may take to start.")
                .between(std::chrono::milliseconds(1), std::chrono::milliseconds(std::chrono::hours(24)))};
  }
};

}  // namespace cachesite::site
