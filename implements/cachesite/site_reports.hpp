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
/// differs from its default. When it is written and loaded, it gives an equal site: the same classes and
/// values under the same names, created in the same order. Components that the program registered are left
/// out; a component has only its remaining names. Components in place of a reference are shown in their
/// place. Defaults and presets of the original file appear as ordinary parameters. Secrets are shown as
/// `Secret::mask`, which does not load, unless `reveal_secrets` is set.
[[nodiscard]] Node describe_component_site(const ComponentSite& site, bool reveal_secrets = false);

/// The state and the origin of the settings of the declared components with this name (under any interface):
/// a list with, for each, `class`, `entries`, `declared` (its place), `lazy`, `optional`, `state` and
/// `reason`, `depends_on` (parameter, interface, name, class and state of each component that it refers to),
/// `needed_by`, `parts` of a cache with parts (part and class, from the outermost on), and `parameters` with
/// `name`, `value` and `from`: `default`, a place in a file with its expression, or the key of a
/// configuration session. Each is followed by the components in place of its references, with their path as
/// `in_place`, such as `products.store`; `name` may be such a path too. Secrets are masked. A lazy component
/// is not created.
[[nodiscard]] Node explain_component(const ComponentSite& site, std::string_view name);

/// The description of one class: `class`, `text`, `interfaces`, `aliases`, and `parameters`, a list of
/// mappings with `name`, `type`, `default` or `computed_default` (neither when the parameter is required),
/// and where they apply `text`, `unit`, `least`, `most`, `choices`, `interface`, `aliases`, `nullable`,
/// `required`, `live`, `elements` (the type of a list's elements) and `parameters` (of a group).
[[nodiscard]] Node describe_class(const ComponentClass& component_class);

/// A JSON Schema (draft 2020-12) of component files for this catalog, for editors and other programs. It
/// accepts everything that the loaders accept, also expressions such as `${env:NAME}`, and refuses unknown
/// keys; it does not check rules between parameters and references between components. An options struct that
/// several classes share is defined once, under `$defs`.
[[nodiscard]] Node json_schema(const Catalog& catalog);

/// The reference of all classes and their parameters as Markdown.
[[nodiscard]] std::string reference_markdown(const Catalog& catalog);

/// The purpose of a health report.
enum class HealthEndpoint : std::uint8_t {
  health,     ///< everything
  readiness,  ///< whether the process should get requests: everything
  liveness,   ///< whether the process should be restarted: nothing, since a dead backend is no reason
};

/// Options of a health report.
struct HealthReportOptions {
  HealthEndpoint endpoint = HealthEndpoint::health;
  /// Show `details`; without them a report has little more than names.
  bool details = true;
  /// Names of components that may be down while the site is healthy, in addition to those with `optional:
  /// true`; all others are required.
  std::vector<std::string> optional_components = {};
  /// Also show components in place of references, in a list `in_place` of the component around them. They do
  /// not affect the state of the site.
  bool in_place = false;
};

/// Options of a metrics report.
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
/// Components are sorted by name; each is listed once, under its first name that is not empty. A component is
/// unhealthy when it is down; a degraded component is healthy. The site is unhealthy when a required
/// component is. Its `state` is then `down`; it is `degraded` when any component is degraded or an optional
/// one is down, and `up` otherwise. A lazy component that is not created yet has the state `not made yet` and
/// is healthy; the report does not create it. Details are the server as a RedisCache or RedisConnection
/// declares it, or its `servers` (address and state) when it is not declared by host and port, and the
/// `reason` of a state; they hold no secret. A component that throws is unhealthy, with `error: {message,
/// type}` in its details. Never waits for a backend.
[[nodiscard]] Node health_report(const ComponentSite& site, const HealthReportOptions& options = {});

/// What is known of one key of a cache, for an endpoint that administrators use:
///
///     {"cache": "shop", "key": "user:42", "found": "value",
///      "layers": [
///        {"layer": "tiered", "class": "TieredCache", "name": "shop", "key": "user:42",
///         "copy": {"present": true, "kind": "value", "bytes": 64, "hash": "1f0c93aa", "copy_left_ms": 299990,
///                  "entry_left_ms": 596900, "server": 0, "epoch": 1, "served_epoch": 1, "served": true},
///         "recovery_pending": false},
///        {"layer": "redis", "class": "RedisCache", "name": "shop-far", "key": "user:42",
///         "redis_key": "shop:user:42", "server": "10.0.0.5:6379",
///         "entry": {"kind": "value", "bytes": 64, "hash": "1f0c93aa", "left_ms": 596900}, "same_as_copy": true}],
///      "coherence": {"state": "coherent", "since": "2026-11-30T12:03:11Z", "proven_age_ms": 40,
///                    "servers": [{"address": "10.0.0.5:6379", "state": "coherent", "epoch": 1}]}}
///
/// The layers are listed from the outermost on, each with the key as it gets it, and with what it knows: the `rule`
/// that matches (its place in the list, from 0; of an ExpiryCache also its pattern `match`, and `ttl_ms`, the TTL of
/// calls that give none), `flight` (a value is being computed), `throttled` (its factory is
/// not called at present), the copy of this process with the reason `why_not` when it would not be served, and at the
/// end the entry of the far tier, which is read for this; `error` when that fails. `found` is value, null or
/// nothing, and `unknown` when the far tier fails. With form `envelope` a RememberCache tells what the `envelope` of the
/// entry says: `age_ms` since the value was computed (by the clocks of both machines), `fresh_left_ms`, `stale_left_ms`
/// for which it may still be returned stale, `etag_bytes` and `cost_us`, or why it is `bad`. Values and etags are not
/// shown, only their lengths and a hash of values. Waits for the far tier. Throws ComponentNotFound when there is no such
/// cache.
[[nodiscard]] Node explain_key_report(const ComponentSite& site, std::string_view name, std::string_view key);

/// The counters of the caches of a site for an information endpoint:
///
///     {"redis_cache": {"clears": 0, "deletes": 1, "hits": 7, "misses": 2, "stampede_waits": 0,
///                      "tag_evictions": 0, "writes": 3}}
///
/// Each cache is listed once under its name, the unnamed one under its class, as in this example. Keys are
/// sorted.
[[nodiscard]] Node information_report(const ComponentSite& site);

/// The counters of the caches of a site in the text exposition format of Prometheus, version 0.0.4, for an
/// endpoint that answers with `prometheus_content_type`:
///
///     # HELP cachesite_cache_hits_total Reads that found a value or a cached null.
///     # TYPE cachesite_cache_hits_total counter
///     cachesite_cache_hits_total{cache="sessions",class="MemoryCache"} 5
///
/// Each cache is listed once, under its first name that is not empty. A MetricsCache adds calls and failures
/// of each used operation, and a histogram of the durations of timed calls in seconds. Components of the
/// program that are IComponentMetrics add their own metrics, with the labels `component` and `class`; throws
/// std::invalid_argument for a name that is not valid, or that is a counter in one component and a gauge in
/// another. Lazy components that are not created yet are left out.
///
/// A LogicalCache is listed as one cache. With `options.parts`, its parts with entries of their own follow,
/// under paths such as `products.near` and, for a store in place, `products.store`; so does every other cache
/// in place.
[[nodiscard]] std::string prometheus_text(const ComponentSite& site,
                                          const MetricsReportOptions& options = {});

/// The media type of `prometheus_text`.
inline constexpr std::string_view prometheus_content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace cachesite
