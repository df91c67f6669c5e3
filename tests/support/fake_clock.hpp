#pragma once

#include <cachesite/detail/testing/fake_clock.hpp>

namespace cachesite::test {

using testing::FakeClock;

}  // namespace cachesite::test
