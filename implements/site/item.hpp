#pragma once

#include "binding/binder.hpp"

#include <cachesite/component_site.hpp>
#include <cachesite/detail/component_class.hpp>
#include <cachesite/document.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cachesite::site {

// One name that an item asks for.
struct ItemEntry {
  std::string interface_name;
  std::string name;
  binding::Place place;
  bool substituted = false;  // the name was: it is not shown
  bool overridden = false;   // a later entry has taken the name
};

// One component of a document, read but not made.
struct Item {
  std::size_t document = 0;
  const Node* node = nullptr;
  const Node* defaults = nullptr;  // of its class in its document, if there are any
  binding::Place place;
  std::shared_ptr<const ComponentClass> component_class;  // null when the class is not known
  std::vector<ItemEntry> entries;
  std::shared_ptr<void> options;
  std::vector<binding::BoundReference> references;
  std::vector<ParameterOrigin> origins;
  bool lazy = false;
  std::optional<std::chrono::milliseconds> start_timeout;

  // Whether it is made: it has a name left, or never asked for one.
  [[nodiscard]] bool wanted() const noexcept {
    for (const auto& entry : entries)
      if (!entry.overridden) return true;
    return entries.empty();
  }

  // The first name that it has left; empty when there is none.
  [[nodiscard]] std::string name() const {
    for (const auto& entry : entries)
      if (!entry.name.empty() && !entry.overridden) return entry.name;
    return {};
  }

  // As messages call it: `RedisCache "sessions"`.
  [[nodiscard]] std::string label() const {
    std::string text = component_class ? component_class->name : "component";
    for (const auto& entry : entries)
      if (!entry.name.empty() && !entry.substituted)
        return text.append(" \"").append(entry.name).append("\"");
    return text;
  }
};

}  // namespace cachesite::site
