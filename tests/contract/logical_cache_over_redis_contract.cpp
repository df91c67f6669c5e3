#include "contract/clocked_redis_subject.hpp"
#include "contract/logical_cache_contract.hpp"
#include "support/sanitized.hpp"

namespace {

using namespace cachesite;

test::CacheSubject redis(ComponentContext& context) {
  return test::clocked_redis_subject("logical:", context);
}

// All parts, and all without one of them; the store alone.
const bool registered = [] {
  const auto all = test::all_optional_parts;
  for (std::size_t part = 0; part < test::optional_parts && !test::sanitized; ++part)
    test::register_logical_cache_contract("redis", redis, all & ~(1U << part));
  test::register_logical_cache_contract("redis", redis, 0);
  test::register_logical_cache_contract("redis", redis, all);
  return test::register_logical_cache_contract("redis", redis, all | test::further_parts);
}();

}  // namespace
