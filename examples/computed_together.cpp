// Many values at once, a loader that makes them whoever asks, and callers that hold no thread.

#include <cachesite/async_cached.hpp>
#include <cachesite/cachesite.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>

using namespace std::chrono_literals;

namespace {

std::string find_product(std::string_view key) {
  return "product " + std::string(key);
}

std::string text_of(const cachesite::Lookup& found) {
  return std::string(found.value().text());
}

// The program's own component: it makes every value of the cache.
class Products final : public cachesite::IValueLoader {
 public:
  using provides = cachesite::Provides<cachesite::IValueLoader>;

  cachesite::Result<cachesite::Computed> load(const cachesite::ComputeContext& context) override {
    if (context.stale != nullptr && !changed) return cachesite::Computed(cachesite::NotModified{});
    return cachesite::Computed{find_product(context.key)};
  }

  bool changed = true;
};

void ask_for_many(cachesite::IComputingCache& shop) {
  const std::array<std::string_view, 3> keys{"tea", "cup", "pot"};
  std::array<cachesite::Lookup, 3> found;
  shop.remember_many(
      keys, 10min,
      [](std::span<const std::string_view> missing, std::span<cachesite::Result<cachesite::Computed>> made) {
        std::printf("%d missing\n", static_cast<int>(missing.size()));
        for (std::size_t item = 0; item < missing.size(); ++item)
          made[item] = cachesite::Computed{find_product(missing[item])};
      },
      found);
  std::printf("many: %s\n", std::string(found[2].value().text()).c_str());
}

void wait_without_a_thread(cachesite::IComputingCache& shop, const std::shared_ptr<cachesite::ICache>& rows) {
  const auto found = shop.async_remember("spoon", 10min, [] { return find_product("spoon"); }).wait();
  std::printf("asynchronous: %s\n", std::string(found.value().text()).c_str());

  // A factory may give an awaitable: no thread is held while it waits.
  const auto read = [rows] { return rows->async_get("row").map(text_of); };
  const auto row = shop.async_remember("fork", 10min, read).wait();
  std::printf("awaited: %s\n", std::string(row.value().text()).c_str());
}

}  // namespace

int main() {
  cachesite::LoadOptions options;
  options.catalog.add<Products>("Products");
  const auto site = cachesite::load_component_site_from_text(R"(
- {class: Products, entries: [{interface: IValueLoader, name: products}]}
- class: Cache
  name: shop
  ttl: 10m
  store: {class: MemoryCache}
  loader: products
)",
                                                             cachesite::Format::yaml, options);
  const auto shop = site->get_component<cachesite::IComputingCache>("shop");
  const auto rows = std::make_shared<cachesite::MemoryCache>();
  rows->set_value("row", "of the source", 10min);

  const auto tea = shop->get_or_load("tea");
  std::printf("loaded: %s\n", std::string(tea.value().text()).c_str());

  ask_for_many(*shop);
  wait_without_a_thread(*shop, rows);

  const auto cache = site->get_component<cachesite::ICache>("shop");
  const auto find =
      cachesite::cached(cache, "row:{0}", 5min, [rows](int) { return rows->async_get("row").map(text_of); });
  std::printf("a function: %s\n", find(42).wait().c_str());
}
