#pragma once

#include "binding/hidden_text.hpp"

#include <cachesite/catalog.hpp>
#include <cachesite/document.hpp>

#include <initializer_list>
#include <string_view>
#include <vector>

namespace cachesite::site {

// Finds what of a component file may not be shown. The declarations decide: the values of secret parameters,
// and of parameters that somebody may have meant by a misspelt name. Where nothing is declared (an unknown
// class, a parameter like no other, a mapping in place of a text) every value is hidden.
class SecretFinder {
 public:
  explicit SecretFinder(const Catalog& catalog);

  [[nodiscard]] binding::HiddenText find(const Document& document);

 private:
  using Words = std::initializer_list<std::string_view>;

  void visit_root(const Node& root);
  void visit_section(const NodeMember& section);
  void visit_defaults(const Node& defaults);
  void visit_component(const Node& component);
  void visit_entry(const Node& entry);
  // The members of a mapping that are neither among `words`, which the caller sees to, nor declared are
  // unknown.
  void visit_members(const Node& map, const ParameterTable& table, const Words& words);
  void visit_unknown(const NodeMember& member, const ParameterTable& table, const Words& words);
  void visit_value(const Node& value, const ParameterDeclaration& declaration);
  // A value that is no secret, but may have swallowed one.
  void visit_plain(const Node& value);
  void visit_misplaced(const Node& text);
  void visit_comments(std::string_view source);
  // A value that is not known to be a secret is kept out of sight, but is no word to look for elsewhere.
  void hide(const Node& value, bool is_secret);
  [[nodiscard]] bool swallowed_secret(std::string_view text) const;

  const Catalog& catalog_;
  std::vector<std::string_view> names_;  // of all secret parameters
  std::vector<binding::HiddenPlace> places_;
};

}  // namespace cachesite::site
