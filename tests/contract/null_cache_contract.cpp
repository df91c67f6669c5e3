#include "contract/cache_contract.hpp"

#include <cachesite/null_cache.hpp>

namespace {

using namespace cachesite;

const bool registered = test::register_cache_contract(
    "null_cache",
    [] {
      test::CacheSubject subject;
      subject.cache = std::make_shared<NullCache>();
      return subject;
    },
    test::Keeps::nothing);

}  // namespace
