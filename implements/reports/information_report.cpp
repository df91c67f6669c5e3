#include "binding/value_node.hpp"
#include "reports/reported_component.hpp"

#include <cachesite/cache.hpp>
#include <cachesite/site_reports.hpp>

#include <cctype>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite {

namespace {

// "RedisCache" as "redis_cache".
std::string snake_case(std::string_view class_name) {
  std::string text;
  for (const char character : class_name) {
    const auto byte = static_cast<unsigned char>(character);
    if (std::isupper(byte) && !text.empty()) text.push_back('_');
    text.push_back(static_cast<char>(std::tolower(byte)));
  }
  return text.empty() ? "cache" : text;
}

Node counters_node(const CacheStatistics& statistics) {
  Node node = binding::map_node();
  for (const auto& [name, count] :
       {std::pair{"clears", statistics.clears}, std::pair{"deletes", statistics.removals},
        std::pair{"hits", statistics.hits}, std::pair{"misses", statistics.misses},
        std::pair{"stampede_waits", statistics.stampede_waits},
        std::pair{"tag_evictions", statistics.tag_evictions}, std::pair{"writes", statistics.writes}})
    binding::add_member(node, name,
                        binding::value_node(ParameterValue{static_cast<std::int64_t>(count)}, false));
  return node;
}

}  // namespace

Node information_report(const ComponentSite& site) {
  std::map<std::string, Node> caches;
  const auto reported = reports::reported_components(site, ICache::interface_name);
  // The unnamed one comes first; a cache that has its class's name for a name of its own goes before it.
  for (auto each = reported.rbegin(); each != reported.rend(); ++each)
    if (const auto* const cache = dynamic_cast<const ICache*>(each->component.get()))
      caches.emplace(each->name.empty() ? snake_case(each->class_name) : each->name,
                     counters_node(cache->statistics()));
  Node report = binding::map_node();
  for (auto& [name, node] : caches)
    binding::add_member(report, name, std::move(node));
  return report;
}

}  // namespace cachesite
