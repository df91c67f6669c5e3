#pragma once

#include <cachesite/component_site.hpp>
#include <cachesite/document.hpp>

#include <string>

namespace cachesite {

/// The site's components as a component file: what was loaded, with every parameter that differs from its
/// default, under the names that are registered now. Loading it gives an equal site. Secrets are shown as
/// `******` unless `reveal_secrets` is set; a dump with masked secrets does not load as it is. Components
/// that the program registered itself have no class and are left out. In TOML, the components stand under
/// `components`; throws std::invalid_argument when one of them has a parameter that is null, not by default.
[[nodiscard]] std::string dump_component_site(const ComponentSite& site, Format format,
                                              bool reveal_secrets = false);

}  // namespace cachesite
