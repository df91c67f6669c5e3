// Components need no file: create and register them yourself, and look them up like any other.

#include <cachesite/cachesite.hpp>

#include <chrono>
#include <iostream>

using namespace std::chrono_literals;

int main() {
  cachesite::MemoryCacheOptions options;
  options.max_size = 500;
  const auto cache = std::make_shared<cachesite::MemoryCache>(options);

  cachesite::ComponentSite site;
  site.register_component<cachesite::ICache>(cache, "small");

  const auto found = site.get_component<cachesite::ICache>("small");
  found->set_value("answer", "42", 1min);
  const auto lookup = found->get("answer");
  if (lookup.hit()) std::cout << lookup.value().text() << "\n";
}
