#include "contract/cache_contract.hpp"
#include "support/fake_clock.hpp"

#include <cachesite/memory_cache.hpp>

namespace {

using namespace cachesite;

test::CacheSubject subject_of(EvictionPolicy policy) {
  const auto clock = std::make_shared<test::FakeClock>();
  ComponentContext context;
  context.clock = clock;
  MemoryCacheOptions options;
  options.policy = policy;
  const auto cache = std::make_shared<MemoryCache>(options, context);
  test::CacheSubject subject;
  subject.cache = cache;
  subject.let_pass = [clock](std::chrono::milliseconds time) { clock->advance(time); };
  subject.check_invariants = [cache] { return cache->check_invariants(); };
  return subject;
}

const bool tinylfu =
    test::register_cache_contract("memory_tinylfu", [] { return subject_of(EvictionPolicy::tinylfu); });
const bool s3fifo =
    test::register_cache_contract("memory_s3fifo", [] { return subject_of(EvictionPolicy::s3fifo); });
const bool lru = test::register_cache_contract("memory_lru", [] { return subject_of(EvictionPolicy::lru); });
const bool fifo =
    test::register_cache_contract("memory_fifo", [] { return subject_of(EvictionPolicy::fifo); });

}  // namespace
