#pragma once

#include <cachesite/component_site.hpp>
#include <cachesite/document.hpp>

#include <string>

namespace cachesite {

/// The site's components as a component file: every parameter that differs from its default, under the
/// current names. Loading it gives an equal site. Secrets are shown as `******` unless `reveal_secrets` is
/// set; a dump with masked secrets does not load as it is. Components that the program registered have no
/// class and are left out. In TOML, the components are under `components`; throws std::invalid_argument when
/// a parameter is null but not by default.
[[nodiscard]] std::string dump_component_site(const ComponentSite& site, Format format,
                                              bool reveal_secrets = false);

}  // namespace cachesite
