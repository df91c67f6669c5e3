#include "redis/news/prefix_set.hpp"

#include <algorithm>

namespace cachesite::redis {

PrefixSet::Change PrefixSet::add(std::string_view prefix) {
  const auto covers = [&](const std::string& known) { return prefix.starts_with(known); };
  if (std::any_of(prefixes_.begin(), prefixes_.end(), covers)) return Change::none;
  std::string wanted(prefix);
  const auto removed =
      std::erase_if(prefixes_, [&](const std::string& known) { return known.starts_with(wanted); });
  prefixes_.push_back(std::move(wanted));
  return removed != 0 ? Change::anew : Change::added;
}

}  // namespace cachesite::redis
