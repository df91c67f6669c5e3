#include "../loaders/memory_meter.hpp"

#include <cachesite/hooked_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/prefix_cache.hpp>

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

BOOST_AUTO_TEST_SUITE_END()
