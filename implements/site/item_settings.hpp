#pragma once

#include <cachesite/parameter.hpp>

#include <chrono>
#include <optional>

namespace cachesite::site {

// What a component's mapping may say beside class, entries and parameters.
struct ItemSettings {
  bool lazy = false;
  std::optional<std::chrono::milliseconds> start_timeout;
  bool optional = false;

  static ParameterTable parameters() {
    using O = ItemSettings;
    return {parameter("lazy", &O::lazy, "Whether the component is created at its first lookup."),
            parameter("start_timeout", &O::start_timeout, "How long the component may take to start.")
                .between(std::chrono::milliseconds(1), std::chrono::milliseconds(std::chrono::hours(24))),
            parameter("optional", &O::optional,
                      "Whether the site is only degraded, not down, while the component is down.")};
  }
};

}  // namespace cachesite::site
