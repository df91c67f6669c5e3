#include <cachesite/cachesite.hpp>

#include <chrono>
#include <iostream>

int main() {
  using namespace std::chrono_literals;
  const auto site = cachesite::load_component_site("caches.yml");
  const auto cache = site->get_component<cachesite::ICache>("hot");
  cache->set_value("user:42", "Ada", 30min);
  if (const auto value = cache->get_value("user:42")) std::cout << value->text() << "\n";
}
