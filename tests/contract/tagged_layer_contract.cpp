#include "contract/cache_contract.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_cache.hpp"

#include <cachesite/failover_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace {

using namespace cachesite;

using Layers = std::function<std::shared_ptr<ICache>(std::shared_ptr<ICache> below, const ComponentContext&)>;

std::shared_ptr<ICache> tagged(std::shared_ptr<ICache> below, const ComponentContext& context) {
  TaggedCacheOptions options;
  options.over = Reference<ICache>(std::move(below));
  return std::make_shared<TaggedCache>(options, context);
}

std::shared_ptr<ICache> write_policy(std::shared_ptr<ICache> below, const ComponentContext& context) {
  WritePolicyCacheOptions options;
  options.over = Reference<ICache>(std::move(below));
  return std::make_shared<WritePolicyCache>(options, context);
}

std::shared_ptr<ICache> failover(std::shared_ptr<ICache> below, const ComponentContext& context) {
  FailoverCacheOptions options;
  options.over = Reference<ICache>(std::move(below));
  options.failover = Reference<ICache>(std::make_shared<MemoryCache>(MemoryCacheOptions{}, context));
  return std::make_shared<FailoverCache>(options, context);
}

// The second cache has to do everything as well as the first: the first is never there.
std::shared_ptr<ICache> standing_in(std::shared_ptr<ICache> below, const ComponentContext& context) {
  const auto away = std::make_shared<test::FaultyCache>(std::make_shared<MemoryCache>());
  away->fail(Error(ErrorCode::unreachable));
  FailoverCacheOptions options;
  options.over = Reference<ICache>(away);
  options.failover = Reference<ICache>(std::move(below));
  options.failover_ttl.reset();
  options.on_error = OnError::error;
  return std::make_shared<FailoverCache>(options, context);
}

bool add(const std::string& name, const Layers& layers) {
  return test::register_cache_contract(name, [layers] {
    const auto clock = std::make_shared<test::FakeClock>();
    ComponentContext context;
    context.clock = clock;
    const auto memory = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
    test::CacheSubject subject;
    subject.cache = layers(memory, context);
    subject.let_pass = [clock](std::chrono::milliseconds time) { clock->advance(time); };
    subject.check_invariants = [memory] { return memory->check_invariants(); };
    return subject;
  });
}

const bool tagged_alone = add("tagged", tagged);
const bool policy_alone = add("write_policy", write_policy);
const bool failover_alone = add("failover", failover);
const bool all_together = add("failover_over_tagged_over_write_policy", [](std::shared_ptr<ICache> below,
                                                                           const ComponentContext& context) {
  return failover(tagged(write_policy(std::move(below), context), context), context);
});
const bool tagged_over_failover =
    add("tagged_over_failover", [](std::shared_ptr<ICache> below, const ComponentContext& context) {
      return tagged(failover(std::move(below), context), context);
    });
const bool second_alone = add("failover_of_a_cache_that_is_away", standing_in);

}  // namespace
