#pragma once

#include "basics/key_hash.hpp"

namespace cachesite::memory {

using basics::fold_product;
using basics::hash_key;
using basics::HashSeed;
using basics::load_partial_word;
using basics::load_rest;
using basics::load_word;
using basics::Wide;

}  // namespace cachesite::memory
