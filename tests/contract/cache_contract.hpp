#pragma once

#include <cachesite/detail/testing/cache_contract.hpp>

#include <functional>
#include <string>

namespace cachesite::test {

using testing::Keeps;
using CacheSubject = testing::CacheUnderTest;

/// Adds one test for each clause of the contract, in a suite called `name`. Call it from a static
/// initialiser:
///
///     const bool registered = cachesite::test::register_cache_contract("memory_lru", make_subject);
bool register_cache_contract(const std::string& name, std::function<CacheSubject()> make_subject,
                             Keeps keeps = Keeps::entries);

}  // namespace cachesite::test
