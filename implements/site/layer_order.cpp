#include "site/layer_order.hpp"

#include <cachesite/cache.hpp>
#include <cachesite/detail/problem_ids.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

namespace cachesite::site {

namespace {

constexpr std::string_view tags_above = "put the TaggedCache above";
constexpr std::string_view policy_above = "put the WritePolicyCache above";

bool gives(const Item& item, std::string_view parameter) {
  if (parameter.empty()) return true;
  const auto* declaration = item.component_class->parameters.find(parameter);
  if (!declaration) return false;
  const auto usual = item.component_class->make_options();
  return !(declaration->load(item.options.get()) == declaration->load(usual.get()));
}

bool fits(const LayerRule& rule, const Item& upper, const Item& lower) {
  const auto& layer = *upper.component_class;
  const bool is_upper = rule.hidden.empty() ? rule.upper == layer.name
                                            : layer.find_interface(ICache::interface_name) &&
                                                  !layer.find_interface(rule.hidden);
  return is_upper && rule.lower == lower.component_class->name && gives(upper, rule.upper_parameter) &&
         gives(lower, rule.lower_parameter);
}

}  // namespace

const std::vector<LayerRule>& layer_rules() {
  static const std::vector<LayerRule> rules{
      {"", "RememberCache",
       "callers compute the same value at the same time, since the upper layer hides IComputingCache",
       "put the RememberCache above", "", "", "IComputingCache"},
      {"CodecCache", "TaggedCache", "entries with tags are neither compressed nor encrypted", tags_above},
      {"TieredCache", "TaggedCache", "copies outlive the eviction of their tags, by near_ttl at most",
       tags_above},
      {"FailoverCache", "TaggedCache", "tags cannot be evicted while the cache below is unreachable",
       tags_above},
      {"PrefixCache", "WritePolicyCache",
       "values written with their origin have no prefix, so they are not found", policy_above},
      {"CodecCache", "WritePolicyCache",
       "values written with their origin are neither compressed nor encrypted", policy_above},
      {"TieredCache", "WritePolicyCache",
       "copies stay old when a new value is written with its origin, for near_ttl at most", policy_above},
      {"PrefixCache", "HookedCache", "hooks see keys with the prefix, not as the program gives them",
       "put the HookedCache above"},
      {"CodecCache", "CodecCache", "values are compressed after their encryption, which saves nothing",
       "give both settings to one CodecCache, which compresses first", "encryption", "compression"},
  };
  return rules;
}

void check_layer_order(const std::vector<Document>& documents, const std::vector<Item>& items,
                       const Composition& composition, binding::ProblemList& problems) {
  for (const auto index : composition.order()) {
    const Item& upper = items[index];
    const auto* over = upper.options ? upper.over() : nullptr;
    std::vector<const LayerRule*> told;
    std::size_t steps = 0;
    for (auto below = over ? composition.needed(index, *over) : std::nullopt;
         below && ++steps <= items.size();) {
      const Item& lower = items[*below];
      if (!lower.options) break;
      for (const auto& rule : layer_rules()) {
        if (std::find(told.begin(), told.end(), &rule) != told.end() || !fits(rule, upper, lower)) continue;
        told.push_back(&rule);
        problems.enter(documents[upper.document], upper.document);
        problems.add(
            problem_ids::layer_order, over->place,
            upper.said_of("over", upper.label() + " over " + lower.label() + ": " + std::string(rule.loss)),
            std::string(rule.cure), Problem::Severity::warning);
      }
      const auto* next = lower.over();
      below = next ? composition.needed(*below, *next) : std::nullopt;
    }
  }
}

}  // namespace cachesite::site
