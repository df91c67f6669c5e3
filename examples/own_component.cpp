// A component of your own (polite_greeter.hpp): a class with parameters, which files use like built-in ones.

#include "polite_greeter.hpp"

#include <cachesite/cachesite.hpp>

#include <iostream>

int main() {
  cachesite::Catalog catalog;  // starts with the built-in classes
  catalog.add<PoliteGreeter>("PoliteGreeter");

  const auto site = cachesite::load_component_site(CACHESITE_CONFIGS "/own-component.yml", catalog);
  const auto greeter = site->get_component<IGreeter>();
  std::cout << greeter->greet("Ada") << "\n";
  std::cout << greeter->greet("Ada") << "\n";
  std::cout << cachesite::prometheus_text(*site);
}
