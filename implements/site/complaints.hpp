#pragma once

#include "binding/problem_list.hpp"
#include "site/item.hpp"

namespace cachesite::site {

// Reports the parameters of an item that do not go together in `options`. The list is in the item's document.
void report_complaints(const Item& item, const void* options, binding::ProblemList& problems);

}  // namespace cachesite::site
