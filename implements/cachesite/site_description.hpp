#pragma once

#include <cachesite/catalog.hpp>
#include <cachesite/component_site.hpp>
#include <cachesite/detail/component_class.hpp>
#include <cachesite/document.hpp>

#include <string>
#include <string_view>

namespace cachesite {

/// The components of a site as a component file: a list with the class, the entries and every parameter that
/// differs from its default. Written and loaded again it gives an equal site: the same classes and values
/// under the same names, made in the same order. Components that the program registered itself are left out;
/// of a component that lost a name, the names that are left are shown. What is declared in place of a
/// reference is shown there. Defaults and presets of the original file appear as ordinary parameters. Secrets
/// are shown as `Secret::mask`, which does not load, unless `reveal_secrets` is set.
[[nodiscard]] Node describe_component_site(const ComponentSite& site, bool reveal_secrets = false);

/// Why the declared components with this name (under any interface) are as they are: a list with, for each,
/// `class`, `entries`, `declared` (its place), `lazy`, `optional`, `state` and `reason`, `depends_on`
/// (parameter, interface, name, class and state of each component that it refers to), `needed_by`, `parts` of
/// a cache that is made of some (part and class, from the outermost on), and `parameters` with `name`,
/// `value` and `from`: `default`, a place in a file with the expression that stands there, or the key of a
/// configuration session. Behind each stand the components that are declared in place of its references,
/// whose `in_place` is their path, such as `products.store`; `name` may be such a path, too. Secrets are
/// masked. A lazy component is not made by this.
[[nodiscard]] Node explain_component(const ComponentSite& site, std::string_view name);

/// What a catalog knows about one class: `class`, `text`, `interfaces`, `aliases`, and `parameters`, a list
/// of mappings with `name`, `type`, `default` (left out when the parameter is required), and where they apply
/// `text`, `unit`, `least`, `most`, `choices`, `interface`, `aliases`, `nullable`, `required`, `live`,
/// `elements` (the type of a list's elements) and `parameters` (of a group).
[[nodiscard]] Node describe_class(const ComponentClass& component_class);

/// A JSON Schema (draft 2020-12) of component files for this catalog, for editors and other programs. It
/// accepts what the loaders accept, substitution expressions such as `${env:NAME}` included, and refuses
/// unknown keys; rules between parameters and references between components are beyond it. An options struct
/// that several classes derive theirs from stands once, under `$defs`.
[[nodiscard]] Node json_schema(const Catalog& catalog);

/// The reference of all classes and their parameters as Markdown.
[[nodiscard]] std::string reference_markdown(const Catalog& catalog);

}  // namespace cachesite
