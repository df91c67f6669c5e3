#pragma once

#include <cachesite/cachesite.hpp>

#include <memory>
#include <string>

namespace cachesite::tool {

/// With what a session has completed.
template <class Options>
const Options* options_in(const DeclaredComponent& declared) {
  return static_cast<const Options*>(
      (declared.effective_options ? declared.effective_options : declared.options).get());
}

/// The component that a reference names, also one in its place; null when there is none.
template <class I>
std::shared_ptr<I> referenced(const ComponentSite& site, const std::string& name) {
  for (const auto& declared : site.declared_components())
    if (!name.empty() && declared.in_place == name) return std::dynamic_pointer_cast<I>(declared.component);
  return site.query_component<I>(name);
}

}  // namespace cachesite::tool
