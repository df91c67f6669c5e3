#pragma once

#include "contract/cache_contract.hpp"

#include <cachesite/component_context.hpp>

#include <functional>
#include <memory>
#include <string>

namespace cachesite::test {

/// Makes what the layers stand on. `subject.cache` is the cache, and `context` becomes what the layers are
/// made with.
using MakeGround = std::function<CacheSubject(ComponentContext& context)>;

/// Registers the contract for every layer over that ground, and for every layer over every other one. Under a
/// sanitizer, which makes each of them many times slower, for single layers only.
bool register_layer_contracts(const std::string& ground, const MakeGround& make_ground);

}  // namespace cachesite::test
