#include "contract/layer_pairs_contract.hpp"
#include "support/fake_clock.hpp"

#include <cachesite/memory_cache.hpp>

namespace {

using namespace cachesite;

const bool registered = test::register_layer_contracts("memory", [](ComponentContext& context) {
  const auto clock = std::make_shared<test::FakeClock>();
  context.clock = clock;
  const auto memory = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
  test::CacheSubject subject;
  subject.cache = memory;
  subject.let_pass = [clock](std::chrono::milliseconds time) { clock->advance(time); };
  subject.check_invariants = [memory] { return memory->check_invariants(); };
  return subject;
});

}  // namespace
