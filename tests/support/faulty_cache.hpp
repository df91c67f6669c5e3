#pragma once

#include <cachesite/detail/testing/faulty_cache.hpp>

namespace cachesite::test {

using testing::FaultyCache;

}  // namespace cachesite::test
