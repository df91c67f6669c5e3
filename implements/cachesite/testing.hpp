#pragma once

// For the tests of a program: a clock that they move, a cache that fails on request, a logger that keeps its
// messages, and a check of the promises of ICache for your own caches and layers. Link cachesite::testing for
// the last. Not part of <cachesite/cachesite.hpp>.

#include <cachesite/detail/testing/cache_contract.hpp>
#include <cachesite/detail/testing/fake_clock.hpp>
#include <cachesite/detail/testing/faulty_cache.hpp>
#include <cachesite/detail/testing/recording_logger.hpp>
