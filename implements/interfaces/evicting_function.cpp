#include <cachesite/evicting_function.hpp>
#include <cachesite/i_tagged_cache.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::detail {

void evict(ICache& cache, const std::optional<std::string>& key, const std::vector<std::string>& tags,
           const FailureReport& report) {
  if (key) {
    const auto removed = cache.remove(*key);
    if (!removed.ok()) report(removed.error());
  }
  if (!tags.empty()) {
    const std::vector<std::string_view> views(tags.begin(), tags.end());
    const auto evicted = find_interface<ITaggedCache>(cache)->evict_tags(views);
    if (!evicted.ok()) report(evicted.error());
  }
}

}  // namespace cachesite::detail
