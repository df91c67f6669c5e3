// A component of your own (polite_greeter.hpp): a class with parameters, named in a file like the built-in ones.

#include "polite_greeter.hpp"

#include <cachesite/cachesite.hpp>

#include <iostream>

int main() {
  cachesite::Catalog catalog;  // knows the built-in classes already
  catalog.add<PoliteGreeter>("PoliteGreeter");

  const auto site = cachesite::load_component_site(CACHESITE_CONFIGS "/own-component.yml", catalog);
  const auto greeter = site->get_component<IGreeter>();
  std::cout << greeter->greet("Ada") << "\n";
  std::cout << greeter->greet("Ada") << "\n";
  std::cout << cachesite::prometheus_text(*site);
}
