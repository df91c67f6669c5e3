#pragma once

#include <cachesite/document.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cachesite::test {

// What a part of a JSON Schema says: the part itself, or what its reference into the schema points at.
inline const Node& resolved(const Node& schema, const Node& part) {
  const auto* reference = part.find("$ref");
  if (!reference) return part;
  const std::string_view path = reference->scalar;
  const Node* found = &schema;
  for (std::size_t begin = path.find('/'); begin < path.size();) {
    const auto end = std::min(path.find('/', begin + 1), path.size());
    found = found->find(path.substr(begin + 1, end - begin - 1));
    if (!found) throw std::out_of_range("there is no " + reference->scalar);
    begin = end;
  }
  return resolved(schema, *found);
}

}  // namespace cachesite::test
