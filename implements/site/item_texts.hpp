#pragma once

#include "binding/problem_list.hpp"
#include "binding/quoted.hpp"

#include <cachesite/document.hpp>

#include <string>
#include <string_view>

namespace cachesite::site {

[[nodiscard]] inline std::string expected(std::string_view where, std::string_view what, const Node& node) {
  return std::string(where)
      .append(": expected ")
      .append(what)
      .append(", found ")
      .append(to_string(node.kind));
}

[[nodiscard]] std::string joined(const auto& names) {
  std::string text;
  for (const auto& name : names)
    text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

// Numbers count as text, as they do for text parameters.
[[nodiscard]] inline bool is_word(const Node& node) noexcept {
  return node.is_text() || node.kind == Node::Kind::integer || node.kind == Node::Kind::real;
}

// What an alias stands for is written further above: the place to show is that of the alias.
[[nodiscard]] inline binding::Place place_within(const binding::Place& outer, const Node& inner) noexcept {
  return inner.position < outer.position ? outer : binding::Place::of(inner);
}

// The name of a class or an interface as messages show it.
[[nodiscard]] inline std::string shown_word(const Node& name, binding::ProblemList& problems) {
  if (name.substituted) return "of the substituted name";
  return problems.may_show(name) ? binding::quoted(name.scalar) : "of this name";
}

}  // namespace cachesite::site
