#include "site/secret_finder.hpp"

#include "binding/suggestion.hpp"

#include <algorithm>

namespace cachesite::site {

namespace {

const std::initializer_list<std::string_view> no_words{};
const std::initializer_list<std::string_view> entry_words{"interface", "name"};
const std::initializer_list<std::string_view> component_words{
    "class", "entries", "lazy", "start_timeout", "optional", "interface", "name"};
const std::initializer_list<std::string_view> section_words{"components", "defaults", "include", "plugins"};

bool holds_secret(const ParameterDeclaration& declaration) {
  if (declaration.kind == ParameterKind::secret) return true;
  if (declaration.element) return holds_secret(*declaration.element);
  if (!declaration.group) return false;
  const auto& members = declaration.group->declarations();
  return std::any_of(members.begin(), members.end(), holds_secret);
}

void add_names(const ParameterTable& table, std::vector<std::string_view>& names) {
  for (const auto& declaration : table.declarations()) {
    if (declaration.group) add_names(*declaration.group, names);
    if (declaration.element && declaration.element->group) add_names(*declaration.element->group, names);
    if (!holds_secret(declaration)) continue;
    names.emplace_back(declaration.name);
    names.insert(names.end(), declaration.aliases.begin(), declaration.aliases.end());
  }
}

bool contains(const std::initializer_list<std::string_view>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_like(std::string_view key, std::string_view word) {
  binding::Suggestion suggestion(key);
  suggestion.offer(word);
  return !suggestion.best().empty();
}

bool is_like(std::string_view key, const ParameterDeclaration& declaration) {
  return is_like(key, declaration.name) ||
         std::any_of(declaration.aliases.begin(), declaration.aliases.end(),
                     [key](const std::string& alias) { return is_like(key, alias); });
}

bool is_word_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_';
}

// `scheme://user:password@host`, or `scheme://host?key=...`
bool is_address_with_secret(std::string_view text) {
  const auto scheme = text.find("://");
  return scheme != std::string_view::npos && text.find_first_of("@?", scheme) != std::string_view::npos;
}

}  // namespace

SecretFinder::SecretFinder(const Catalog& catalog) : catalog_(catalog) {
  for (const auto& component_class : catalog.classes())
    add_names(component_class->parameters, names_);
}

binding::HiddenText SecretFinder::find(const Document& document) {
  places_.clear();
  visit_root(document.root);
  if (document.source) visit_comments(*document.source);
  return {document, places_};
}

void SecretFinder::visit_root(const Node& root) {
  const bool has_sections =
      std::any_of(root.members.begin(), root.members.end(),
                  [](const NodeMember& member) { return contains(section_words, member.key); });
  if (!root.is_map() || !has_sections) return visit_component(root);
  for (const auto& section : root.members)
    visit_section(section);
}

void SecretFinder::visit_section(const NodeMember& section) {
  if (section.key == "defaults" && section.value.is_map())
    visit_defaults(section.value);
  else if (section.key == "components" || section.key == "include")
    visit_component(section.value);
  else
    visit_unknown(section, {}, section_words);
}

void SecretFinder::visit_defaults(const Node& defaults) {
  for (const auto& member : defaults.members) {
    const auto match = catalog_.find(member.key);
    if (match && member.value.is_map())
      visit_members(member.value, match.component_class->parameters, no_words);
    else
      visit_unknown(member, {}, no_words);
  }
}

// Lists and texts are what somebody may have written in place of a component.
void SecretFinder::visit_component(const Node& component) {
  for (const auto& element : component.elements)
    visit_component(element);
  if (component.is_scalar()) visit_misplaced(component);
  if (!component.is_map()) return;
  const Node* name = component.find("class");
  const auto match = name && name->is_scalar() ? catalog_.find(name->scalar) : Catalog::Match();
  static const ParameterTable unknown;
  visit_members(component, match ? match.component_class->parameters : unknown, component_words);
}

// `password:secret`, which is one text for want of a space.
void SecretFinder::visit_misplaced(const Node& text) {
  const auto key = std::string_view(text.scalar).substr(0, text.scalar.find(':'));
  const bool is_word = std::any_of(component_words.begin(), component_words.end(),
                                   [key](std::string_view word) { return is_like(key, word); });
  if (key.size() == text.scalar.size() || is_word)
    visit_plain(text);
  else
    hide(text, true);
}

void SecretFinder::visit_entry(const Node& entry) {
  for (const auto& element : entry.elements)
    visit_entry(element);
  if (entry.is_scalar()) visit_plain(entry);
  visit_members(entry, {}, entry_words);
}

void SecretFinder::visit_members(const Node& map, const ParameterTable& table, const Words& words) {
  for (const auto& member : map.members) {
    if (const auto* declaration = table.find(member.key))
      visit_value(member.value, *declaration);
    else if (member.key == "entries" && contains(words, member.key))
      visit_entry(member.value);
    else if (contains(words, member.key) && member.value.is_scalar())
      visit_plain(member.value);
    else
      visit_unknown(member, table, words);
  }
}

void SecretFinder::visit_unknown(const NodeMember& member, const ParameterTable& table, const Words& words) {
  if (swallowed_secret(member.key) || member.key.find(':') != std::string::npos)
    places_.push_back({member.key_position, member.key});
  const ParameterDeclaration* meant = nullptr;
  for (const auto& declaration : table.declarations()) {
    if (!is_like(member.key, declaration)) continue;
    if (holds_secret(declaration)) return hide(member.value, true);
    meant = &declaration;
  }
  if (meant) return visit_value(member.value, *meant);
  const bool is_word = std::any_of(words.begin(), words.end(),
                                   [&](std::string_view word) { return is_like(member.key, word); });
  if (is_word)
    visit_component(member.value);
  else
    hide(member.value, false);
}

void SecretFinder::visit_value(const Node& value, const ParameterDeclaration& declaration) {
  if (declaration.kind == ParameterKind::group && value.is_map())
    return visit_members(value, *declaration.group, no_words);
  if (declaration.kind == ParameterKind::list && value.is_list()) {
    for (const auto& element : value.elements)
      visit_value(element, *declaration.element);
    return;
  }
  if (declaration.kind == ParameterKind::reference && value.is_map()) return visit_component(value);
  if (holds_secret(declaration) || value.is_map()) return hide(value, holds_secret(declaration));
  if (value.is_scalar()) return visit_plain(value);
  for (const auto& element : value.elements)
    visit_value(element, declaration);
}

void SecretFinder::visit_plain(const Node& value) {
  if (!value.substituted && swallowed_secret(value.scalar)) places_.push_back({value.position, value.scalar});
}

// Where somebody has put a secret out of use, nothing is declared, but its name stands.
void SecretFinder::visit_comments(std::string_view source) {
  for (std::uint32_t line = 1; !source.empty(); ++line) {
    const auto text = source.substr(0, source.find('\n'));
    const auto comment = std::min(text.find('#'), text.size());
    if (swallowed_secret(text.substr(comment))) places_.push_back({{line, 1}, {}});
    source.remove_prefix(std::min(text.size() + 1, source.size()));
  }
}

void SecretFinder::hide(const Node& value, bool is_secret) {
  if (value.is_scalar() && !value.is_null())
    places_.push_back({value.position, is_secret ? std::string_view(value.scalar) : std::string_view()});
  for (const auto& element : value.elements)
    hide(element, is_secret);
  for (const auto& member : value.members)
    hide(member.value, is_secret);
}

// A text is one word less than it seems where a space, a comma or a line end is missing before or after
// `password:`, or `password =`.
bool SecretFinder::swallowed_secret(std::string_view text) const {
  if (text.find_first_of(":=") == std::string_view::npos) return false;
  if (is_address_with_secret(text)) return true;
  return std::any_of(names_.begin(), names_.end(), [text](std::string_view name) {
    for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
      const bool begins = at == 0 || !is_word_character(text[at - 1]);
      const auto after = at + name.size();
      if (begins && after + 1 < text.size() && text[after] == ':') return true;
      const auto equals = text.find_first_not_of(" \"'", after);
      if (begins && equals != std::string_view::npos && text[equals] == '=') return true;
    }
    return false;
  });
}

}  // namespace cachesite::site
