// Tests of a program that uses caches: no server, no waiting, and every outage on demand.

#include <cachesite/cachesite.hpp>
#include <cachesite/testing.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

using namespace std::chrono_literals;

// The tested service: it makes products that its cache does not have.
class Shop {
 public:
  Shop(std::shared_ptr<cachesite::ICache> cache, std::shared_ptr<cachesite::ILogger> logger)
      : cache_(std::move(cache)), logger_(std::move(logger)) {}

  std::string product(const std::string& key) {
    const auto cached = cache_->get(key);
    if (cached.hit()) return std::string(cached.value().text());
    ++queries;
    auto name = "made for " + key;
    const auto stored = cache_->write(key, name, 10min);
    if (!stored.ok()) logger_->warning("a product is not cached", {{"reason", stored.error().message()}});
    return name;
  }

  int queries = 0;

 private:
  std::shared_ptr<cachesite::ICache> cache_;
  std::shared_ptr<cachesite::ILogger> logger_;
};

// A layer of your own, which mirrors all values.
class Mirrored final : public cachesite::ValueLayer {
 public:
  using ValueLayer::ValueLayer;

 protected:
  cachesite::Result<cachesite::ByteView> to_stored(std::string_view, cachesite::ByteView value,
                                                   std::string& memory) override {
    memory.assign(value.text().rbegin(), value.text().rend());
    return cachesite::ByteView(memory);
  }
  cachesite::Result<cachesite::Found> from_stored(std::string_view, const cachesite::Value& stored,
                                                  cachesite::Value& destination) override {
    destination.assign(std::string(stored.text().rbegin(), stored.text().rend()));
    return cachesite::Found::hit;
  }
};

int failures = 0;

void expect(bool holds, const char* sentence) {
  if (holds) return;
  ++failures;
  std::printf("not so: %s\n", sentence);
}

void a_product_is_made_again_when_its_entry_has_ended() {
  const auto clock = std::make_shared<cachesite::testing::FakeClock>();
  const auto logger = std::make_shared<cachesite::testing::RecordingLogger>();
  cachesite::LoadOptions options;
  options.clock = clock;
  options.logger = logger;
  options.allow_substitution = true;
  const auto site = cachesite::load_component_site_from_files(
      {CACHESITE_CONFIGS "/redis.yml", CACHESITE_CONFIGS "/in-tests.yml"}, options);

  Shop shop(site->get_component<cachesite::ICache>("sessions"), logger);
  shop.product("tea");
  shop.product("tea");
  expect(shop.queries == 1, "the second call is a hit");
  clock->advance(11min);
  shop.product("tea");
  expect(shop.queries == 2, "the entry has ended");
}

void the_shop_goes_on_when_its_cache_is_away() {
  const auto memory = std::make_shared<cachesite::MemoryCache>(cachesite::MemoryCacheOptions());
  const auto cache = std::make_shared<cachesite::testing::FaultyCache>(memory);
  const auto logger = std::make_shared<cachesite::testing::RecordingLogger>();
  Shop shop(cache, logger);

  cache->fail(cachesite::Error(cachesite::ErrorCode::unreachable, "the server is away"));
  expect(shop.product("tea") == "made for tea", "the product is made");
  expect(logger->count(cachesite::LogLevel::warning, "reason=the server is away") == 1, "the log says why");
  cache->work();
  shop.product("tea");
  expect(shop.product("tea") == "made for tea" && shop.queries == 2, "the cache is used again");
}

void the_layer_keeps_the_promises_of_a_cache() {
  const auto broken = cachesite::testing::check_cache_contract([] {
    const auto clock = std::make_shared<cachesite::testing::FakeClock>();
    cachesite::ComponentContext context;
    context.clock = clock;
    const auto memory = std::make_shared<cachesite::MemoryCache>(cachesite::MemoryCacheOptions(), context);
    cachesite::testing::CacheUnderTest subject;
    subject.cache = std::make_shared<Mirrored>(memory);
    subject.let_pass = [clock](std::chrono::milliseconds time) { clock->advance(time); };
    subject.counts = false;  // a mirrored value is not a number for the cache below
    return subject;
  });
  for (const auto& sentence : broken)
    expect(false, sentence.c_str());
}

int main() {
  a_product_is_made_again_when_its_entry_has_ended();
  the_shop_goes_on_when_its_cache_is_away();
  the_layer_keeps_the_promises_of_a_cache();
  std::printf("%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
