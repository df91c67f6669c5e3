#include "binding/secret_scrubber.hpp"

#include <algorithm>

namespace cachesite::binding {

namespace {

// Masking every "a" of a message would hide nothing and destroy the message.
constexpr std::size_t shortest_secret = 3;

}  // namespace

void SecretScrubber::add_options(const ParameterTable& table, const void* options) {
  for (const auto& declaration : table.declarations())
    add_value(declaration.load(options));
}

void SecretScrubber::add_substituted(const Node& node) {
  if (node.substituted) add_text(node.scalar);
  for (const auto& element : node.elements)
    add_substituted(element);
  for (const auto& member : node.members)
    add_substituted(member.value);
}

void SecretScrubber::add_value(const ParameterValue& value) {
  if (const auto* secret = std::get_if<Secret>(&value.data)) add_text(secret->reveal());
  if (const auto* list = std::get_if<ParameterList>(&value.data))
    for (const auto& element : *list)
      add_value(element);
  if (const auto* group = std::get_if<ParameterGroup>(&value.data))
    for (const auto& member : *group)
      add_value(member.value);
}

void SecretScrubber::add_text(std::string_view text) {
  if (text.size() >= shortest_secret) secrets_.emplace_back(text);
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
