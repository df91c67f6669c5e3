#include <cachesite/cachesite.hpp>

#include <chrono>

int main() {
  const auto site = cachesite::load_component_site_from_text(
      "- class: MemoryCache\n  entries: [{interface: ICache, name: hot}]\n", cachesite::Format::yaml);
  const auto cache = site->get_component<cachesite::ICache>("hot");
  return cache->set_value("key", "value", std::chrono::minutes(1)) && cache->get_value("key") ? 0 : 1;
}
