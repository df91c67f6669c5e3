#pragma once

#include <cachesite/catalog.hpp>
#include <cachesite/document.hpp>
#include <cachesite/parameter.hpp>

#include <map>
#include <string>
#include <string_view>

namespace cachesite::site {

// The options structs that several classes have in common: each is one definition of a schema. A class lists
// its properties and refers to those of a definition one by one, since many editors do not know
// `unevaluatedProperties` and would take any key.
class SharedOptions {
 public:
  explicit SharedOptions(const Catalog& catalog);

  // Properties for the parameters of a class; a reference where a definition holds the very same.
  void add_properties(Node& properties, const ParameterTable& table, const void* options) const;
  void add_definitions(Node& definitions) const;

 private:
  void define(const ParameterTable& table, const void* options);
  [[nodiscard]] Node shared(const ParameterDeclaration& declaration, const NodeMember& property) const;

  std::map<std::string, Node, std::less<>> properties_;  // by struct
};

}  // namespace cachesite::site
