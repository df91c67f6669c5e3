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

// What the parts of a logical cache are by themselves.
struct PartClass {
  std::string_view parameter;
  std::string_view class_name;
  bool hides_below = false;
};
constexpr PartClass part_classes[] = {
    {"remember", "RememberCache"},       {"tags", "TaggedCache", true}, {"hooks", "HookedCache"},
    {"near", "TieredCache", true},       {"codec", "CodecCache", true}, {"prefix", "PrefixCache"},
    {"failover", "FailoverCache", true}, {"loader", "RememberCache"}};

bool is_logical(const Item& item) {
  return item.component_class->name == "Cache";
}

// The parameter of a logical cache that makes it one with such a layer; empty when there is none.
std::string_view part_of_class(std::string_view class_name) {
  for (const auto& part : part_classes)
    if (part.class_name == class_name) return part.parameter;
  return {};
}

// Whether an item is such a layer, or a logical cache with one in it.
bool has_layer(const Item& item, std::string_view class_name, std::string_view parameter) {
  if (!is_logical(item)) return class_name == item.component_class->name && gives(item, parameter);
  return parameter.empty() &&
         std::any_of(std::begin(part_classes), std::end(part_classes), [&](const PartClass& part) {
           return part.class_name == class_name && gives(item, part.parameter);
         });
}

bool hides(const Item& item, std::string_view interface_name) {
  if (is_logical(item))
    return std::any_of(std::begin(part_classes), std::end(part_classes), [&](const PartClass& part) {
      return part.hides_below && gives(item, part.parameter);
    });
  const auto& layer = *item.component_class;
  return layer.find_interface(ICache::interface_name) && !layer.find_interface(interface_name);
}

// A logical cache that has the part itself loses nothing of one below.
bool fits(const LayerRule& rule, const Item& upper, const Item& lower) {
  return (rule.hidden.empty() ? has_layer(upper, rule.upper, rule.upper_parameter)
                              : hides(upper, rule.hidden)) &&
         has_layer(lower, rule.lower, rule.lower_parameter) &&
         !(is_logical(upper) && has_layer(upper, rule.lower, {}));
}

std::string cure_of(const LayerRule& rule, const Item& upper) {
  const auto part = is_logical(upper) ? part_of_class(rule.lower) : std::string_view();
  return part.empty() ? std::string(rule.cure)
                      : "declare " + std::string(part) + " in " + upper.label() + " instead";
}

const binding::BoundReference* below_of(const Item& item) {
  if (!is_logical(item)) return item.over();
  for (const auto& reference : item.references)
    if (reference.path == "store") return &reference;
  return nullptr;
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
    const auto* over = upper.options ? below_of(upper) : nullptr;
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
        problems.add(problem_ids::layer_order, over->place,
                     upper.said_of(over->path,
                                   upper.label() + " over " + lower.label() + ": " + std::string(rule.loss)),
                     cure_of(rule, upper), Problem::Severity::warning);
      }
      const auto* next = below_of(lower);
      below = next ? composition.needed(*below, *next) : std::nullopt;
    }
  }
}

}  // namespace cachesite::site
