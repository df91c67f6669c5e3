#include "contract/cache_contract.hpp"
#include "support/fake_clock.hpp"

#include <cachesite/hooked_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/prefix_cache.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace cachesite;
using Layer = std::function<std::shared_ptr<ICache>(std::shared_ptr<ICache>)>;

class IdleHook final : public ICacheHook {
 public:
  void before(const CacheCall&) override {}
  void after(const CacheCall&, const CacheCallResult&, std::chrono::nanoseconds) override {}
  void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override {}
};

std::shared_ptr<ICache> counted(std::shared_ptr<ICache> below) {
  MetricsCacheOptions options;
  options.over = Reference<ICache>(std::move(below));
  options.sample_every = 2;
  return std::make_shared<MetricsCache>(options);
}

std::shared_ptr<ICache> hooked(std::shared_ptr<ICache> below) {
  return std::make_shared<HookedCache>(
      std::move(below), std::vector<std::shared_ptr<ICacheHook>>{std::make_shared<IdleHook>()});
}

Layer prefixed_with(std::string prefix) {
  return [prefix](std::shared_ptr<ICache> below) {
    const auto view = prefixed(below, prefix);
    // What belongs to others is in nobody's way.
    below->set_value("a neighbour", "1", std::chrono::hours(1));
    return view;
  };
}

bool add(const std::string& name, const Layer& layer, std::size_t longer = 0) {
  return test::register_cache_contract(name, [layer, longer] {
    const auto clock = std::make_shared<test::FakeClock>();
    ComponentContext context;
    context.clock = clock;
    const auto memory = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
    test::CacheSubject subject;
    subject.cache = layer(memory);
    subject.longest_key = ICache::longest_key - longer;
    subject.let_pass = [clock](std::chrono::milliseconds time) { clock->advance(time); };
    subject.check_invariants = [memory] { return memory->check_invariants(); };
    return subject;
  });
}

const bool with_prefix = add("prefixed", prefixed_with("shop:"), 5);
const bool with_pattern_prefix = add("prefixed_with_pattern_characters", prefixed_with("[a-z]*?\\^]-:"), 12);
const bool with_long_prefix = add("prefixed_at_length", prefixed_with(std::string(100, 'p')), 100);
const bool without_prefix = add("prefixed_with_nothing",
                                [](std::shared_ptr<ICache> below) { return prefixed(std::move(below), ""); });
const bool with_metrics = add("counted", counted);
const bool with_hooks = add("hooked", hooked);
const bool with_all = add(
    "hooked_counted_prefixed",
    [](std::shared_ptr<ICache> below) { return hooked(counted(prefixed_with("shop:")(std::move(below)))); },
    5);
const bool with_all_reversed = add(
    "prefixed_counted_hooked",
    [](std::shared_ptr<ICache> below) { return prefixed_with("shop:")(counted(hooked(std::move(below)))); },
    5);

}  // namespace
