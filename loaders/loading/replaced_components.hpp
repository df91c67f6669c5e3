#pragma once

#include "loading/file_reading.hpp"

#include <cachesite/catalog.hpp>

namespace cachesite::loading {

/// Takes out the components that later documents replace and that lack a value from outside: nobody needs
/// the variable or the file, since they are not made.
void drop_replaced_components(Reading& reading, const Catalog& catalog);

}  // namespace cachesite::loading
