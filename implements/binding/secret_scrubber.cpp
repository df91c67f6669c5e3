#include "binding/secret_scrubber.hpp"

#include <algorithm>

namespace cachesite::binding {

void SecretScrubber::add_options(const ParameterTable& table, const void* options) {
  for (const auto& declaration : table.declarations())
    add_value(declaration.load(options), false);
}

void SecretScrubber::add_changes(const ParameterTable& table, const void* options, const void* completed) {
  for (const auto& declaration : table.declarations())
    if (const auto value = declaration.load(completed); !(value == declaration.load(options)))
      add_value(value, true);
}

void SecretScrubber::add_substituted(const Node& node) {
  if (node.substituted) add_text(node.scalar);
  for (const auto& element : node.elements)
    add_substituted(element);
  for (const auto& member : node.members)
    add_substituted(member.value);
}

void SecretScrubber::add_value(const ParameterValue& value, bool is_secret) {
  if (const auto* secret = std::get_if<Secret>(&value.data)) add_text(secret->reveal());
  if (const auto* text = std::get_if<std::string>(&value.data); text && is_secret) add_text(*text);
  if (const auto* list = std::get_if<ParameterList>(&value.data))
    for (const auto& element : *list)
      add_value(element, is_secret);
  if (const auto* group = std::get_if<ParameterGroup>(&value.data))
    for (const auto& member : *group)
      add_value(member.value, is_secret);
}

// Of an address, the password is a secret by itself.
void SecretScrubber::add_text(std::string_view text) {
  if (text.size() >= shortest) secrets_.emplace_back(text);
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return;
  const auto user = text.substr(scheme + 3, text.rfind('@') - scheme - 3);
  const auto colon = user.find(':');
  if (text.rfind('@') != std::string_view::npos && colon != std::string_view::npos)
    add_text(user.substr(colon + 1));
}

std::string SecretScrubber::scrub(std::string text) const {
  // Longer ones first: a secret may contain another.
  std::vector<std::string_view> order(secrets_.begin(), secrets_.end());
  std::sort(order.begin(), order.end(),
            [](std::string_view left, std::string_view right) { return left.size() > right.size(); });
  for (const auto secret : order)
    for (auto at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at + Secret::mask.size()))
      text.replace(at, secret.size(), Secret::mask);
  return text;
}

}  // namespace cachesite::binding
