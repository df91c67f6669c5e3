#pragma once

#include "answer.hpp"

#include <cachesite/cachesite.hpp>

#include <string>

namespace cachesite::tool {

Exit list(const ComponentSite& site, bool in_place, bool json);
Exit health(const ComponentSite& site, bool json);
Exit describe(const Catalog& catalog, const std::string& class_name, bool json);
/// Why the components of that name are as they are.
Exit explain(const ComponentSite& site, const std::string& name, bool json);
Exit schema(const Catalog& catalog);
/// The reference of all classes as Markdown; in short as one table.
Exit reference(const Catalog& catalog, bool summary);

}  // namespace cachesite::tool
