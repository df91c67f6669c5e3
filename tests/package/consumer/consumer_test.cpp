// A test of a program's own, as a user's project builds it.

#include <cachesite/cachesite.hpp>
#include <cachesite/testing.hpp>

#include <cstdio>

int main() {
  const auto broken = cachesite::testing::check_cache_contract([] {
    const auto clock = std::make_shared<cachesite::testing::FakeClock>();
    cachesite::ComponentContext context;
    context.clock = clock;
    cachesite::testing::CacheUnderTest subject;
    subject.cache = std::make_shared<cachesite::MemoryCache>(cachesite::MemoryCacheOptions(), context);
    subject.let_pass = [clock](auto time) { clock->advance(time); };
    return subject;
  });
  for (const auto& sentence : broken)
    std::puts(sentence.c_str());
  return broken.empty() ? 0 : 1;
}
