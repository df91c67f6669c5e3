#include "telemetry/metrics_text.hpp"

#include "basics/cache_families.hpp"
#include "basics/number_text.hpp"

#include <cachesite/cache.hpp>

#include <algorithm>
#include <array>
#include <span>

namespace cachesite::telemetry {

namespace {

using Sources = std::span<const MetricsSource>;

constexpr std::uint32_t cumulative = 2;
// Upper bounds in seconds, as the convention for database clients advises.
constexpr std::array bounds{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0};

// "cache_tag_evictions" is `cachesite.cache.tag_evictions`.
std::string metric_name(std::string_view family) {
  std::string name = "cachesite.";
  name.append(family);
  name[std::min(name.find('_'), name.size() - 1)] = '.';
  return name;
}

// The metrics of a request; one that no point is added to does not show.
class MetricList {
 public:
  MetricList(JsonText& text, MetricsTimes times) : text_(text), times_(times) {}

  // `kind` is "sum", "gauge" or "histogram".
  template <class Points>
  void add(std::string_view name, std::string_view kind, std::string_view unit, bool rising,
           Points&& points) {
    begun_ = false;
    head_ = {name, kind, unit};
    points();
    if (!begun_) return;
    text_.close(']');
    if (kind != "gauge") text_.key("aggregationTemporality").number(cumulative);
    if (kind == "sum") text_.key("isMonotonic").boolean(rising);
    text_.close('}').close('}');
  }

  template <class Attributes>
  void point(std::uint64_t value, Attributes&& attributes) {
    begin_point(attributes);
    text_.key("asInt").natural(value).close('}');
  }

  template <class Attributes>
  void point(const LatencyHistogram& latency, std::chrono::nanoseconds sum, Attributes&& attributes) {
    std::array<std::uint64_t, bounds.size() + 1> buckets{};
    for (std::size_t interval = 0; interval < LatencyHistogram::size; ++interval) {
      const auto longest = std::chrono::duration<double>(LatencyHistogram::longest_in(interval)).count();
      const auto bound = std::lower_bound(bounds.begin(), bounds.end(), longest);
      buckets[static_cast<std::size_t>(bound - bounds.begin())] += latency.count_in(interval);
    }
    std::uint64_t count = 0;
    for (const auto bucket : buckets)
      count += bucket;
    begin_point(attributes);
    text_.key("count").natural(count);
    text_.key("sum").real(std::chrono::duration<double>(sum).count());
    text_.key("bucketCounts").open('[');
    for (const auto bucket : buckets)
      text_.natural(bucket);
    text_.close(']').key("explicitBounds").open('[');
    for (const double bound : bounds)
      text_.real(bound);
    text_.close(']').close('}');
  }

 private:
  struct Head {
    std::string_view name;
    std::string_view kind;
    std::string_view unit;
  };

  template <class Attributes>
  void begin_point(Attributes&& attributes) {
    if (!begun_) {
      text_.open('{').key("name").text(head_.name);
      if (!head_.unit.empty()) text_.key("unit").text(head_.unit);
      text_.key(head_.kind).open('{').key("dataPoints").open('[');
    }
    begun_ = true;
    text_.open('{').key("attributes").open('[');
    attributes(text_);
    text_.close(']');
    text_.key("startTimeUnixNano").integer(times_.begin).key("timeUnixNano").integer(times_.now);
  }

  JsonText& text_;
  const MetricsTimes times_;
  Head head_;
  bool begun_ = false;
};

void name_cache(JsonText& text, const MetricsSource& source) {
  text.attribute("cachesite.cache", std::string_view(source.name));
  text.attribute("cachesite.class", std::string_view(source.class_name));
}

void add_counters(MetricList& list, Sources sources) {
  for (const auto& family : basics::cache_families) {
    const auto kind = family.is_counter ? "sum" : "gauge";
    list.add(metric_name(family.name), kind, family.name == "cache_bytes" ? "By" : "", family.is_counter,
             [&] {
               for (const auto& source : sources)
                 if (source.is_cache)
                   list.point(source.cache.*family.field, [&](auto& text) { name_cache(text, source); });
             });
  }
}

template <class Use>
void each_operation(Sources sources, Use use) {
  for (const auto& source : sources) {
    for (std::size_t index = 0; source.operations && index < cache_operations; ++index) {
      const auto& operation = source.operations->operations[index];
      if (operation.calls == 0) continue;
      use(operation, [&source, index](JsonText& text) {
        name_cache(text, source);
        text.attribute("cachesite.operation", to_string(static_cast<CacheOperation>(index)));
      });
    }
  }
}

void add_operations(MetricList& list, Sources sources) {
  list.add("cachesite.cache.operations", "sum", "", true, [&] {
    each_operation(sources, [&](const auto& operation, auto name) { list.point(operation.calls, name); });
  });
  list.add("cachesite.cache.operation_failures", "sum", "", true, [&] {
    each_operation(sources, [&](const auto& operation, auto name) { list.point(operation.failures, name); });
  });
  list.add("cachesite.cache.operation_duration", "histogram", "s", true, [&] {
    each_operation(sources, [&](const auto& operation, auto name) {
      list.point(operation.latency, operation.timed, name);
    });
  });
}

void name_server(JsonText& text, const MetricsSource& source, const RedisEndpointStatistics& server) {
  text.attribute("db.system.name", "redis");
  std::string_view host = server.address;
  std::uint64_t port = 0;
  if (host.starts_with("unix:")) {
    host.remove_prefix(5);
  } else if (const auto colon = host.rfind(':'); colon != std::string_view::npos) {
    port = basics::read_port(host.substr(colon + 1)).value_or(0);
    host = host.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  }
  text.attribute("server.address", host);
  if (port != 0 && port != 6379) text.attribute("server.port", port);
  text.attribute("db.client.connection.pool.name", std::string_view(source.name));
  text.attribute("cachesite.class", std::string_view(source.class_name));
}

// At most an eighth too long, as the intervals are.
std::chrono::nanoseconds sum_of(const LatencyHistogram& latency) {
  std::chrono::nanoseconds sum(0);
  for (std::size_t interval = 0; interval < LatencyHistogram::size; ++interval)
    sum += LatencyHistogram::longest_in(interval) * static_cast<std::int64_t>(latency.count_in(interval));
  return sum;
}

// Connections carry the requests of all callers, so each that is open is in use.
std::uint64_t open_connections(const RedisEndpointStatistics& server) noexcept {
  if (server.state != RedisEndpointState::up) return 0;
  return std::max<std::uint64_t>(1, server.connects - std::min(server.connects, server.losses));
}

void add_servers(MetricList& list, Sources sources) {
  const auto each = [&](auto use) {
    for (const auto& source : sources)
      for (const auto& server : source.servers)
        use(server, [&source, &server](JsonText& text) { name_server(text, source, server); });
  };
  list.add("db.client.operation.duration", "histogram", "s", true, [&] {
    each([&](const auto& server, auto name) { list.point(server.latency, sum_of(server.latency), name); });
  });
  list.add("db.client.connection.count", "sum", "{connection}", false, [&] {
    each([&](const auto& server, auto name) {
      for (const std::string_view state : {"used", "idle"})
        list.point(state == "used" ? open_connections(server) : 0, [&](JsonText& text) {
          name(text);
          text.attribute("db.client.connection.state", state);
        });
    });
  });
}

void add_requests(std::vector<std::string>& requests, const EnvelopeText& envelope, Sources sources,
                  MetricsTimes times, std::size_t most) {
  JsonText text;
  envelope.open(text, "Metrics");
  MetricList list(text, times);
  add_counters(list, sources);
  add_operations(list, sources);
  add_servers(list, sources);
  EnvelopeText::close(text);
  if (text.size() <= most || sources.size() < 2) {
    requests.push_back(std::move(text).take());
    return;
  }
  const auto half = sources.size() / 2;
  add_requests(requests, envelope, sources.first(half), times, most);
  add_requests(requests, envelope, sources.subspan(half), times, most);
}

}  // namespace

std::vector<MetricsSource> read_metrics(const IComponentSite& site) {
  std::vector<MetricsSource> sources;
  std::vector<const IComponent*> seen;
  std::vector<const IRedisStatistics*>
      seen_servers;  // a cache shows those of its store, which may have a name
  for (const auto& entry : site.entries()) {
    const auto* const component = entry.component.get();
    if (component == nullptr || std::find(seen.begin(), seen.end(), component) != seen.end()) continue;
    const auto* const cache = dynamic_cast<const ICache*>(component);
    const auto* const measured = find_interface<ICacheMetrics>(*component);
    const auto* const redis = find_interface<IRedisStatistics>(*component);
    if (cache == nullptr && redis == nullptr) continue;
    seen.push_back(component);
    MetricsSource source{entry.name, entry.class_name, cache != nullptr, {}, nullptr, {}};
    if (measured != nullptr) source.operations = std::make_shared<const CacheMetrics>(measured->metrics());
    if (cache != nullptr)
      source.cache = source.operations ? source.operations->statistics : cache->statistics();
    if (redis != nullptr &&
        std::find(seen_servers.begin(), seen_servers.end(), redis) == seen_servers.end()) {
      seen_servers.push_back(redis);
      source.servers = redis->endpoint_statistics();
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

std::vector<std::string> metrics_requests(const EnvelopeText& envelope,
                                          const std::vector<MetricsSource>& sources, MetricsTimes times,
                                          std::size_t most) {
  std::vector<std::string> requests;
  if (!sources.empty()) add_requests(requests, envelope, sources, times, most);
  return requests;
}

}  // namespace cachesite::telemetry
