#include "contract/clocked_redis_subject.hpp"
#include "contract/layer_pairs_contract.hpp"

namespace {

using namespace cachesite;

const bool registered = test::register_layer_contracts(
    "redis", [](ComponentContext& context) { return test::clocked_redis_subject("layers:", context); });

}  // namespace
