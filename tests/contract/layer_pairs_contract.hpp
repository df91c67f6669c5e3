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

/// Which layers over which.
enum class Pairs {
  all,         ///< every one over every other
  neighbours,  ///< every one over one other
  none,        ///< every one for itself
};

/// Registers the contract for every layer over that ground, and for pairs of layers. Under a sanitizer, which
/// makes each of them many times slower, for single layers only.
bool register_layer_contracts(const std::string& ground, const MakeGround& make_ground,
                              Pairs pairs = Pairs::all);

}  // namespace cachesite::test
