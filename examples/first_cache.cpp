// The shortest whole program: a file declares a cache, the program finds it by name and uses it.

#include <cachesite/cachesite.hpp>

#include <chrono>
#include <iostream>

using namespace std::chrono_literals;

int main(int count, char** arguments) {
  const auto site = cachesite::load_component_site(count > 1 ? arguments[1] : "caches.yml");
  const auto cache = site->get_component<cachesite::ICache>("hot");

  cache->set_value("user:42", "Ada", 30min);
  if (const auto value = cache->get_value("user:42")) std::cout << value->text() << "\n";
}
