#pragma once

// What a program's own tests need: a clock that they move, a cache that fails when they say so, a logger that
// keeps what it is told, and the promises of ICache for caches and layers of one's own. Link
// cachesite::testing for the last. Not part of <cachesite/cachesite.hpp>.

#include <cachesite/testing/cache_contract.hpp>
#include <cachesite/testing/fake_clock.hpp>
#include <cachesite/testing/faulty_cache.hpp>
#include <cachesite/testing/recording_logger.hpp>
