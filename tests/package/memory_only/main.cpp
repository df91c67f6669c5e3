// Memory caches and code alone: no file, and a catalog that knows one class.

#include <cachesite/cachesite.hpp>

#include <chrono>
#include <cstdio>
#include <memory>

namespace {

cachesite::Node text(const char* characters) {
  cachesite::Node node;
  node.kind = cachesite::Node::Kind::text;
  node.scalar = characters;
  return node;
}

cachesite::Node one_item(cachesite::Node::Kind kind) {
  cachesite::Node node;
  node.kind = kind;
  return node;
}

std::shared_ptr<cachesite::ComponentSite> declared_site() {
  auto entry = one_item(cachesite::Node::Kind::map);
  entry.members = {{"interface", {}, 0, text("ICache")}, {"name", {}, 0, text("declared")}};
  auto entries = one_item(cachesite::Node::Kind::list);
  entries.elements = {entry};
  auto item = one_item(cachesite::Node::Kind::map);
  item.members = {{"class", {}, 0, text("MemoryCache")}, {"entries", {}, 0, entries}};
  cachesite::Document document;
  document.root = one_item(cachesite::Node::Kind::list);
  document.root.elements = {item};

  auto catalog = cachesite::Catalog::empty();
  catalog.add<cachesite::MemoryCache>("MemoryCache");
  return cachesite::build_component_site({document}, catalog);
}

bool works(cachesite::ICache& cache) {
  return cache.set_value("key", "value", std::chrono::minutes(1)) && cache.get_value("key");
}

}  // namespace

int main() {
  cachesite::ComponentSite site;
  site.register_component<cachesite::ICache>(std::make_shared<cachesite::MemoryCache>(), "made");
  const auto declared = declared_site();
  const bool both = works(*site.get_component<cachesite::ICache>("made")) &&
                    works(*declared->get_component<cachesite::ICache>("declared"));
  std::puts(both ? "both work" : "a cache does not work");
  return both ? 0 : 1;
}
