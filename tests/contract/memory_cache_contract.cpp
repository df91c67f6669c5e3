#include "contract/cache_contract.hpp"
#include "support/fake_clock.hpp"

#include <cachesite/memory_cache.hpp>

namespace {

using namespace cachesite;

test::CacheSubject make_subject(MemoryCacheOptions options) {
  auto clock = std::make_shared<test::FakeClock>();
  ComponentContext context;
  context.clock = clock;
  test::CacheSubject subject;
  subject.cache = std::make_shared<MemoryCache>(options, context);
  subject.let_pass = [clock](std::chrono::milliseconds time) { clock->advance(time); };
  return subject;
}

bool register_policy(const std::string& name, MemoryCacheOptions options) {
  return test::register_cache_contract(name, [options] { return make_subject(options); });
}

MemoryCacheOptions with_policy(MemoryPolicy policy) {
  MemoryCacheOptions options;
  options.policy = policy;
  return options;
}

MemoryCacheOptions with_byte_limit() {
  MemoryCacheOptions options;
  options.max_bytes = ByteSize{64 * 1024 * 1024};
  return options;
}

const bool tinylfu = register_policy("memory_tinylfu", with_policy(MemoryPolicy::tinylfu));
const bool s3fifo = register_policy("memory_s3fifo", with_policy(MemoryPolicy::s3fifo));
const bool lru = register_policy("memory_lru", with_policy(MemoryPolicy::lru));
const bool fifo = register_policy("memory_fifo", with_policy(MemoryPolicy::fifo));
const bool bytes = register_policy("memory_with_a_byte_limit", with_byte_limit());

}  // namespace
