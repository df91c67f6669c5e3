#pragma once

#include <cachesite/catalog.hpp>
#include <cachesite/component_site.hpp>
#include <cachesite/detail/component_class.hpp>
#include <cachesite/document.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

/// Who asks for a health report.
enum class HealthEndpoint : std::uint8_t {
  health,     ///< everything
  readiness,  ///< whether requests should be sent here: everything
  liveness,   ///< whether the process should be restarted: a backend that is down is no reason, so nothing
};

/// What a health report shows.
struct HealthReportOptions {
  HealthEndpoint endpoint = HealthEndpoint::health;
  /// Show `details`; without them a report tells a stranger little more than names.
  bool details = true;
  /// Names of components that may be down while the whole is healthy, beside those that the file declares
  /// with `optional: true`; all others are required.
  std::vector<std::string> optional_components = {};
  /// Show the components that are declared in place of references, in a list `in_place` of the component that
  /// they are in. They decide nothing: the state of that component does.
  bool in_place = false;
};

/// What a report of metrics shows.
struct MetricsReportOptions {
  /// Show the parts of caches as well.
  bool parts = false;
};

/// The state of a site for a health endpoint; `write_document(report, Format::json)` makes it text:
///
///     {"status": "healthy", "state": "up",
///      "components": [
///        {"name": "sessions", "class": "RedisCache", "status": "healthy", "state": "up", "required": true,
///         "details": {"database": 0, "host": "localhost", "key_prefix": "shop:", "port": 6379,
///                     "ssl": false}}]}
///
/// Components are sorted by name and each stands there once, under the first of its names that is not empty.
/// A component is unhealthy when it is down; one that is degraded does its work and is healthy. The whole is
/// unhealthy when a required component is. Its `state` is `down` then, `degraded` when any component is
/// degraded or one that is not required is down, and `up` otherwise. A lazy component that is not made yet
/// has the state `not made yet` and is healthy; it is not made by this. Details are the server, as RedisCache
/// and RedisConnection are declared with it, or their `servers` (address and state) when they are declared in
/// another way than by host and port, and the `reason` of a state; they hold no secret. What a component
/// throws while it is asked makes it unhealthy with `error: {message, type}` in its details. Never waits for
/// a backend.
[[nodiscard]] Node health_report(const ComponentSite& site, const HealthReportOptions& options = {});

/// The counters of the caches of a site for an information endpoint:
///
///     {"redis_cache": {"clears": 0, "deletes": 1, "hits": 7, "misses": 2, "stampede_waits": 0,
///                      "tag_evictions": 0, "writes": 3}}
///
/// Each cache stands there once under its name, the unnamed one under its class, as in this example. Keys are
/// sorted.
[[nodiscard]] Node information_report(const ComponentSite& site);

/// The counters of the caches of a site in the text exposition format of Prometheus, version 0.0.4, for an
/// endpoint that answers with `prometheus_content_type`:
///
///     # HELP cachesite_cache_hits_total Reads that found a value or a cached null.
///     # TYPE cachesite_cache_hits_total counter
///     cachesite_cache_hits_total{cache="sessions",class="MemoryCache"} 5
///
/// Each cache stands there once, under the first of its names that is not empty. A MetricsCache adds calls
/// and failures of each operation that was used, and a histogram of their durations in seconds; it counts the
/// calls that were timed. Components of the program that are IComponentMetrics add their own, with the labels
/// `component` and `class`; throws std::invalid_argument when one of those has a name that the format does not
/// know, or that means a counter in one component and a gauge in another. Lazy components that are not made
/// yet are left out.
///
/// A LogicalCache stands there as one cache. With `options.parts` what it is made of and that holds entries
/// of its own follows, under paths such as `products.near` and, for a store that is declared in place,
/// `products.store`; so does every other cache that is declared in place.
[[nodiscard]] std::string prometheus_text(const ComponentSite& site,
                                          const MetricsReportOptions& options = {});

/// The media type of `prometheus_text`.
inline constexpr std::string_view prometheus_content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace cachesite
