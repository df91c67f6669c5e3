// The command-line tool with classes of your own: it checks, describes and loads files that use them.

#include "polite_greeter.hpp"

#include <cachesite/cachesite.hpp>
#include <cachesite/tool_main.hpp>

int main(int count, char** words) {
  cachesite::Catalog catalog;
  catalog.add<PoliteGreeter>("PoliteGreeter").text("Greets, and remembers whom.");
  return cachesite::tool_main(count, words, catalog);
}
