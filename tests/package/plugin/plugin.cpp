// What a plugin may do: give out a cache, let the library throw, and use a site from its first line to its last.

#include <cachesite/cachesite.hpp>

#include <chrono>
#include <memory>

extern "C" void make_cache(std::shared_ptr<cachesite::ICache>* cache) {
  *cache = cachesite::prefixed(std::make_shared<cachesite::MemoryCache>(), "shop:");
}

extern "C" void load_wrong_file() {
  (void)cachesite::load_component_site_from_text("- class: NoSuchClass\n", cachesite::Format::yaml);
}

extern "C" int use_a_site() {
  const auto site = cachesite::load_component_site_from_text(
      "- class: MemoryCache\n  entries: [{interface: ICache, name: hot}]\n", cachesite::Format::yaml);
  const auto cache = site->get_component<cachesite::ICache>("hot");
  return cache->set_value("key", "value", std::chrono::minutes(1)) && cache->get_value("key") ? 0 : 1;
}
