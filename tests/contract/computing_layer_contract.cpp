#include "contract/cache_contract.hpp"
#include "support/fake_clock.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/memory_mutex_site.hpp>
#include <cachesite/remember_cache.hpp>

namespace {

using namespace cachesite;

test::CacheSubject subject_of(RememberCacheOptions options) {
  const auto clock = std::make_shared<test::FakeClock>();
  ComponentContext context;
  context.clock = clock;
  const auto memory = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
  options.over = Reference<ICache>(memory);
  test::CacheSubject subject;
  subject.cache = std::make_shared<RememberCache>(options, context);
  subject.let_pass = [clock](std::chrono::milliseconds time) { clock->advance(time); };
  subject.check_invariants = [memory] { return memory->check_invariants(); };
  subject.counts = options.form == ValueForm::plain;
  return subject;
}

const bool alone = test::register_cache_contract("remember", [] { return subject_of({}); });
const bool locked = test::register_cache_contract("remember_with_locks", [] {
  RememberCacheOptions options;
  options.locks = Reference<IMutexSite>(std::make_shared<MemoryMutexSite>());
  return subject_of(options);
});

const bool enveloped = test::register_cache_contract("remember_enveloped", [] {
  RememberCacheOptions options;
  options.form = ValueForm::envelope;
  return subject_of(options);
});

}  // namespace
