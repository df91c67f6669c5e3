// A product service whose cache is one declaration (configs/product-service.yml): entries on Redis, copies in memory, tags,
// each product read from the database once for all callers, also while Redis dies and comes back.
//
//   product_service     on a private redis-server

#include "demo_server.hpp"

#include <cachesite/cachesite.hpp>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;

namespace {

struct Product {
  int id = 0;
  std::string name;
  std::int64_t price = 0;

  static auto fields() {
    return std::tuple(cachesite::data_field("id", &Product::id),
                      cachesite::data_field("name", &Product::name),
                      cachesite::data_field("price", &Product::price));
  }
};

/// The origin of the products.
class Database {
 public:
  std::optional<Product> find(int id) {
    ++queries;
    const std::lock_guard lock(mutex_);
    const auto row = rows_.find(id);
    return row == rows_.end() ? std::nullopt : std::optional(row->second);
  }
  void rename(int id, const std::string& name) {
    const std::lock_guard lock(mutex_);
    rows_[id].name = name;
  }

  std::atomic<int> queries{0};

 private:
  std::mutex mutex_;
  std::map<int, Product> rows_{{7, {7, "tea", 320}}, {8, {8, "cake", 410}}};
};

class ProductService {
 public:
  explicit ProductService(const std::shared_ptr<cachesite::ICache>& cache)
      : find_(cachesite::cached<cachesite::JsonSerializer>(
            cache, "{id}", [this](int id) { return database.find(id); },
            {.names = {"id"}, .tags = [](int id) { return tags_of(id); }})),
        rename_(cachesite::evicting(cache, std::nullopt,
                                    [this](int id, const std::string& name) { database.rename(id, name); },
                                    {.tags = [](int id, const std::string&) { return tags_of(id); }})) {}

  [[nodiscard]] std::string name_of(int id) const {
    const auto product = find_(id);
    return product ? product->name : "nobody";
  }
  void rename(int id, const std::string& name) const { rename_(id, name); }

  Database database;

 private:
  static std::vector<std::string> tags_of(int id) { return {"product:" + std::to_string(id)}; }

  std::function<std::optional<Product>(int)> find_;  // with the TTL of the file
  std::function<void(int, const std::string&)> rename_;
};

void ask_with_threads(const ProductService& service, int id) {
  std::vector<std::thread> threads;
  for (int each = 0; each < 8; ++each)
    threads.emplace_back([&] { (void)service.name_of(id); });
  for (auto& thread : threads)
    thread.join();
}

}  // namespace

int main() {
  DemoServer server;
  if (!server.start()) {
    std::cout << "there is no redis-server to be started here\n";
    return 0;
  }
  ::setenv("REDIS_PORT", std::to_string(server.port()).c_str(), 1);
  cachesite::LoadOptions options;
  options.allow_substitution = true;
  const auto site = cachesite::load_component_site(CACHESITE_CONFIGS "/product-service.yml", options);
  const auto cache = site->get_component<cachesite::ICache>("products");
  ProductService service(cache);

  ask_with_threads(service, 7);
  std::cout << service.name_of(7) << ": " << service.database.queries << " query for 9 calls\n";

  server.kill();
  std::cout << "without Redis: " << service.name_of(7) << ", a copy; " << service.name_of(8)
            << ", from the database\n";
  service.rename(7, "green tea");
  std::cout << "renamed meanwhile: " << service.name_of(7) << "; the cache is "
            << to_string(cache->health().state) << "\n";

  if (!server.start()) return 1;
  for (int waited = 0; waited < 500 && cache->health().state != cachesite::HealthState::up; ++waited)
    std::this_thread::sleep_for(10ms);
  std::cout << "with Redis again: " << service.name_of(7) << "; the cache is "
            << to_string(cache->health().state) << "\n";

  const auto counted = site->get_component<cachesite::ICacheMetrics>("products")->metrics();
  std::cout << "hits: " << (counted.statistics.hits > 0 ? "some" : "none") << "\n";
}
