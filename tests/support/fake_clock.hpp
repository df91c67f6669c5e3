#pragma once

#include <cachesite/testing/fake_clock.hpp>

namespace cachesite::test {

using testing::FakeClock;

}  // namespace cachesite::test
