#include "contract/logical_cache_contract.hpp"
#include "support/fake_clock.hpp"
#include "support/sanitized.hpp"

#include <cachesite/memory_cache.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using namespace cachesite;

test::CacheSubject memory(ComponentContext& context) {
  const auto clock = std::make_shared<test::FakeClock>();
  context.clock = clock;
  const auto store = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
  test::CacheSubject subject;
  subject.cache = store;
  subject.let_pass = [clock](std::chrono::milliseconds time) { clock->advance(time); };
  subject.check_invariants = [store] { return store->check_invariants(); };
  return subject;
}

// Every combination; under a sanitizer each part alone, and all together.
bool wanted(test::PartSet parts) {
  return !test::sanitized || (parts & (parts - 1)) == 0 || parts == test::all_optional_parts;
}

const bool registered = [] {
  for (test::PartSet parts = 0; parts <= test::all_optional_parts; ++parts)
    if (wanted(parts)) test::register_logical_cache_contract("memory", memory, parts);
  test::register_logical_cache_contract("memory", memory, test::further_parts);
  return test::register_logical_cache_contract("memory", memory,
                                               test::further_parts | test::all_optional_parts);
}();

}  // namespace
