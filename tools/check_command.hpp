#pragma once

#include "answer.hpp"
#include "arguments.hpp"

#include <cachesite/cachesite.hpp>

namespace cachesite::tool {

/// Tells every problem of the files; with `connect` also which caches and connections do not answer.
Exit check(const Arguments& arguments, const Catalog& catalog);

}  // namespace cachesite::tool
