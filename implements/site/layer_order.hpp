#pragma once

#include "binding/problem_list.hpp"
#include "site/composition.hpp"
#include "site/item.hpp"

#include <cachesite/document.hpp>

#include <string_view>
#include <vector>

namespace cachesite::site {

// A layer that loses what one below it promises.
struct LayerRule {
  std::string_view upper;  // empty with `hidden`
  std::string_view lower;
  std::string_view loss;  // what follows "PrefixCache "a" over TaggedCache "b": "
  std::string_view cure;
  // The rule is for layers that give these parameters another value than the default; empty for all.
  std::string_view upper_parameter = {};
  std::string_view lower_parameter = {};
  // The rule is for all layers that do not pass this interface on.
  std::string_view hidden = {};
};

[[nodiscard]] const std::vector<LayerRule>& layer_rules();

// Warns of layers that stand in an order that loses a promise.
void check_layer_order(const std::vector<Document>& documents, const std::vector<Item>& items,
                       const Composition& composition, binding::ProblemList& problems);

}  // namespace cachesite::site
