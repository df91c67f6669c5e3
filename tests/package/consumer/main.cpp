#include <cachesite/cachesite.hpp>

#include <chrono>
#include <cstdio>

int main(int count, char** arguments) {
  const auto site = cachesite::load_component_site(count > 1 ? arguments[1] : "caches.yml");
  const auto cache = site->get_component<cachesite::ICache>("hot");
  cache->set_value("key", "value", std::chrono::minutes(1));
  for (const auto& entry : site->entries())
    std::printf("%s %s\n", entry.class_name.c_str(), entry.name.c_str());
  return cache->get_value("key") ? 0 : 1;
}
