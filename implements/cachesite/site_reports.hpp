#pragma once

#include <cachesite/component_site.hpp>
#include <cachesite/document.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

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
