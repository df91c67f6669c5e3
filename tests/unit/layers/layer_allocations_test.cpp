#include "../loaders/memory_meter.hpp"

#include <cachesite/async_remember.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/detail/object_table.hpp>
#include <cachesite/hooked_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tiered_cache.hpp>
#include <cachesite/typed_cache.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::MemoryMeter;

namespace {

class IdleHook final : public ICacheHook {
 public:
  void before(const CacheCall&) override {}
  void after(const CacheCall&, const CacheCallResult&, std::chrono::nanoseconds) override {}
  void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override {}
};

// A cache whose calls may wait.
class WaitingCache final : public CacheLayer {
 public:
  WaitingCache() : CacheLayer(std::make_shared<MemoryCache>()) {}
};

struct SharedText {
  Status write(const std::shared_ptr<const std::string>& text, std::string& bytes) const {
    bytes = *text;
    return Done{};
  }
  Result<Found> read(ByteView bytes, std::shared_ptr<const std::string>& text) const {
    text = std::make_shared<const std::string>(bytes.text());
    return Found::hit;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(layer_allocations)

BOOST_AUTO_TEST_CASE(a_call_through_prefix_metrics_and_hooks_allocates_nothing) {
  const auto memory = std::make_shared<MemoryCache>(MemoryCacheOptions{});
  MetricsCacheOptions options;
  options.over = Reference<ICache>(prefixed(memory, "shop:"));
  options.sample_every = 4;
  HookedCache cache(std::make_shared<MetricsCache>(options), {std::make_shared<IdleHook>()});
  for (const std::size_t size : {1u, 7u, 24u, 33u, 100u, 300u, 500u}) {
    const std::string key(size, 'k');
    BOOST_TEST(cache.set_value(key, "value", 1h));
    Value value;
    (void)cache.read(key, value);
    MemoryMeter::reset();
    bool found = true;
    for (int call = 0; call < 100; ++call) {
      found = found && cache.read(key, value).value() == Found::hit;
      found = found && cache.contains(key).value();
    }
    const auto peak = MemoryMeter::peak();
    BOOST_TEST(found);
    BOOST_TEST(peak == 0u, "a key of " << size << " bytes takes " << peak << " bytes");
  }
}

BOOST_AUTO_TEST_CASE(an_asynchronous_call_that_computes_allocates_nothing_for_what_is_in_memory) {
  TieredCacheOptions tiers;
  tiers.over = Reference<ICache>(std::make_shared<WaitingCache>());
  tiers.near = Reference<ICache>(std::make_shared<MemoryCache>());
  for (const auto& below : {std::shared_ptr<ICache>(std::make_shared<MemoryCache>()),
                            std::shared_ptr<ICache>(std::make_shared<TieredCache>(tiers))}) {
    RememberCacheOptions options;
    options.over = Reference<ICache>(below);
    const auto cache = std::make_shared<RememberCache>(options);
    const auto source = std::make_shared<std::string>("computed");
    const auto ask = [&] { return cache->async_remember("key", 1h, [source] { return *source; }).wait(); };
    BOOST_TEST(ask().value().text() == "computed");
    BOOST_TEST(ask().hit());
    MemoryMeter::reset();
    bool found = true;
    for (int call = 0; call < 100; ++call)
      found = ask().hit() && found;
    const auto peak = MemoryMeter::peak();
    BOOST_TEST(found);
    BOOST_TEST(peak == 0u, peak << " bytes");
  }
}

BOOST_AUTO_TEST_CASE(a_hit_that_finds_its_object_allocates_nothing_whatever_was_read_before) {
  const auto memory = std::make_shared<MemoryCache>(MemoryCacheOptions{});
  const TypedCache<std::shared_ptr<const std::string>, SharedText> texts(prefixed(memory, "shop:"),
                                                                         std::make_unique<ObjectTable>());
  const std::vector<std::string> keys{"5", "80", "81", "500", "2000", "5000", "100000"};
  for (const auto& key : keys)
    BOOST_TEST(memory->set_value("shop:" + key, std::string(std::stoul(key), 'x'), 1h));
  const auto all_are_read = [&] {
    bool found = true;
    for (const auto& key : keys)
      found = texts.get(key).hit() && found;
    return found;
  };
  BOOST_TEST(all_are_read());
  BOOST_TEST(all_are_read());
  MemoryMeter::reset();
  bool found = true;
  for (int round = 0; round < 100; ++round)
    found = all_are_read() && found;
  const auto peak = MemoryMeter::peak();
  BOOST_TEST(found);
  BOOST_TEST(peak == 0u, peak << " bytes");
  BOOST_TEST(texts.objects()->statistics().made == keys.size());
}

BOOST_AUTO_TEST_SUITE_END()
