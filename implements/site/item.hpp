#pragma once

#include "binding/binder.hpp"
#include "binding/component_name.hpp"

#include <cachesite/component_site.hpp>
#include <cachesite/detail/component_class.hpp>
#include <cachesite/document.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cachesite::site {

// One name that an item asks for.
struct ItemEntry {
  std::string interface_name;
  std::string name;
  binding::Place place;
  bool substituted = false;       // the name was: it is not shown
  bool overridden = false;        // a later entry has taken the name
  bool overridden_later = false;  // by a later document
  bool is_short_form = false;     // the item has a name in place of entries
};

// Where a component belongs that stands in place of a reference.
struct InPlace {
  std::size_t owner;           // the item whose reference it is
  std::string interface_name;  // of the reference
  std::string name;            // what the owner's options call it: its path and a number, `products.store#7`
  std::string where;           // its path in the component of the list: `store`
  std::size_t depth;           // 1 when its owner stands in the list
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
  bool optional = false;
  std::optional<InPlace> in_place;

  // Whether it has a name left, or never asked for one.
  [[nodiscard]] bool has_place() const noexcept {
    for (const auto& entry : entries)
      if (!entry.overridden) return true;
    return entries.empty();
  }

  [[nodiscard]] bool is_replaced_by_later_documents() const noexcept {
    for (const auto& entry : entries)
      if (!entry.overridden || !entry.overridden_later) return false;
    return !entries.empty();
  }

  // The first name that it has left, or its path; empty when there is none.
  [[nodiscard]] std::string name() const {
    if (in_place) return std::string(binding::shown_name(in_place->name));
    for (const auto& entry : entries)
      if (!entry.name.empty() && !entry.overridden) return entry.name;
    return {};
  }

  // As messages call it: `RedisCache "sessions"`.
  [[nodiscard]] std::string label() const {
    std::string text = component_class ? component_class->name : "component";
    if (in_place) return text.append(" \"").append(name()).append("\"");
    for (const auto& entry : entries)
      if (!entry.name.empty() && !entry.substituted)
        return text.append(" \"").append(entry.name).append("\"");
    return text;
  }

  // What the paths of components in it begin with.
  [[nodiscard]] std::string path() const {
    if (in_place) return name();
    for (const auto& entry : entries)
      if (!entry.name.empty() && !entry.substituted) return entry.name;
    return component_class ? component_class->name : std::string();
  }

  // A layer names the cache below by `over`; null when it names none.
  [[nodiscard]] const binding::BoundReference* over() const noexcept {
    for (const auto& reference : references)
      if (reference.path == "over") return &reference;
    return nullptr;
  }

  [[nodiscard]] std::string where() const { return in_place ? in_place->where : std::string(); }
  // A sentence about the component, or `parameter: ...`, as messages at its place begin it.
  [[nodiscard]] std::string said(std::string sentence) const {
    return in_place ? in_place->where + ": " + std::move(sentence) : std::move(sentence);
  }
  [[nodiscard]] std::string said_of(const std::string& parameter, const std::string& sentence) const {
    return (in_place ? in_place->where + "." : std::string()) + parameter + ": " + sentence;
  }
};

}  // namespace cachesite::site
