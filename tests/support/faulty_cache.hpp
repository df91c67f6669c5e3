#pragma once

#include <cachesite/testing/faulty_cache.hpp>

namespace cachesite::test {

using testing::FaultyCache;

}  // namespace cachesite::test
