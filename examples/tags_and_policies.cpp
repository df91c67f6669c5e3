// Tags, and writes to the origin of the values: tags_and_policies [a component file with "pages" and
// "products"].

#include <cachesite/cachesite.hpp>

#include <iostream>
#include <map>
#include <mutex>
#include <string>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

constexpr const char* components = R"(
- class: MemoryCache
  entries: [{interface: ICache, name: store}]
- class: TaggedCache
  entries: [{interface: ICache, name: pages}, {interface: ITaggedCache, name: pages}]
  over: store
- class: WritePolicyCache
  entries: [{interface: ICache, name: products}, {interface: IWritePolicyCache, name: products}]
  over: pages
)";

/// The origin of the products. A real one is a database.
struct Database {
  std::mutex mutex;
  std::map<std::string, std::string> rows;

  Status store(std::string_view key, std::optional<ByteView> value) {
    const std::lock_guard lock(mutex);
    rows[std::string(key)] = value ? value->text() : "";
    return Done{};
  }
};

void use_tags(ITaggedCache& pages, ICache& cache) {
  or_throw(pages.write_tagged("page:/tea", ByteView("<h1>Tea</h1>"), 1h, {"product:7", "menu"}));
  or_throw(pages.write_tagged("page:/", ByteView("<h1>Shop</h1>"), 1h, {"menu"}));
  or_throw(pages.evict_tags({"product:7"}));  // however many pages show the product
  std::cout << "page of the product: " << (cache.contains("page:/tea").value_or(false) ? "cached" : "gone")
            << ", front page: " << (cache.contains("page:/").value_or(false) ? "cached" : "gone") << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  const auto site =
      argc > 1 ? load_component_site(argv[1]) : load_component_site_from_text(components, Format::yaml);
  const auto cache = site->get_component<ICache>("pages");
  use_tags(*site->get_component<ITaggedCache>("pages"), *cache);

  Database database;
  const auto store = [&](std::string_view key, std::optional<ByteView> value) {
    return database.store(key, value);
  };
  const auto products = site->get_component<IWritePolicyCache>("products");

  // The origin first; the cache gets the value only if the origin accepts it.
  const auto written = products->write_through("product:7", ByteView("tea, 3.20"), 1h, store);
  if (!written.ok()) std::cout << "not written: " << written.error().message() << "\n";

  // The cache first; a thread of the component writes the origin, and repeats failed writes.
  const auto queued = products->write_behind("product:8", ByteView("cake, 4.10"), 1h, store, {"menu"});
  if (queued.ok() && products->flush(5s).ok())
    std::cout << "the database has " << database.rows.size() << " products, the cache says "
              << cache->get("product:8").value().text() << "\n";

  site->stop();  // writes the queued values
  return 0;
}
