#include "contract/layer_pairs_contract.hpp"
#include "contract/redis_subject.hpp"

namespace {

using namespace cachesite;

const bool registered =
    test::register_layer_contracts("redis", [](ComponentContext&) { return test::redis_subject("layers:"); });

}  // namespace
