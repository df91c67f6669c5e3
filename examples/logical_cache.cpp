// One cache with all of its parts, declared in code, like `class: Cache` in a file.

#include <cachesite/cachesite.hpp>

#include <iostream>
#include <memory>
#include <string>

using namespace std::chrono_literals;

namespace {

std::shared_ptr<cachesite::LogicalCache> make_pages() {
  cachesite::CodecCacheOptions codec;
  codec.compression = cachesite::Compression::zstd;

  cachesite::CacheOptions options;
  options.name = "pages";
  options.store = std::make_shared<cachesite::MemoryCache>();  // or a RedisCache
  options.ttl = 10min;
  options.rules = {{"price:*", 1min}};
  options.codec = codec;
  options.near.emplace().ttl = 10s;
  options.metrics.emplace();
  options.tags.emplace();
  options.remember.emplace().negative_ttl = 2s;
  return cachesite::make_cache(options);
}

long seconds_left(cachesite::ICache& cache, std::string_view key) {
  const auto left = cache.time_to_live(key).value_or(cachesite::Remaining{}).left;
  return static_cast<long>(std::chrono::round<std::chrono::seconds>(left).count());
}

}  // namespace

int main() {
  const auto pages = make_pages();

  pages->set_value("page:/", "<h1>Shop</h1>");  // with the TTL of the cache
  pages->set_value("price:7", "320");
  std::cout << "the page lives " << seconds_left(*pages, "page:/") << " s, the price "
            << seconds_left(*pages, "price:7") << " s\n";

  std::string order;
  for (const auto& part : pages->parts())
    order.append(order.empty() ? "" : ", ").append(part.name);
  std::cout << order << "\n";

  // A cache with that part offers the interface.
  const auto computing = cachesite::find_interface<cachesite::IComputingCache>(pages);
  const auto made = computing->remember("page:/hello", [] { return "hello from the page"; });
  if (made.hit()) std::cout << made.value().text() << ": computed once\n";

  const auto tagged = cachesite::find_interface<cachesite::ITaggedCache>(pages);
  cachesite::or_throw(tagged->write_tagged("page:/tea", "<h1>Tea</h1>", {"menu"}));
  cachesite::or_throw(tagged->evict_tags({"menu"}));
  std::cout << "evicted: " << (pages->get("page:/tea").miss() ? "gone" : "still there") << "\n";

  cachesite::ComponentSite site;
  site.register_component<cachesite::ICache>(pages, "pages");
  return site.get_component<cachesite::ICache>("pages")->get("page:/").hit() ? 0 : 1;
}
