#include "telemetry/metrics_text.hpp"

#include "support/wait_until.hpp"
#include "telemetry_fixture.hpp"

#include <cachesite/component_site.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/site_reports.hpp>

#include <map>
#include <numeric>
#include <set>

using namespace cachesite;
using namespace cachesite::test;

namespace {

using nlohmann::json;
using telemetry::EnvelopeText;
using telemetry::MetricsSource;

std::shared_ptr<MetricsCache> measured() {
  MetricsCacheOptions options;
  options.over = Reference<ICache>(in_memory());
  options.sample_every = 1;
  return std::make_shared<MetricsCache>(options);
}

// Every metric of all requests by its name.
std::map<std::string, json> metrics_of(const std::vector<std::string>& requests) {
  std::map<std::string, json> metrics;
  for (const auto& request : requests) {
    const auto whole = json::parse(request);
    for (const auto& metric : whole["resourceMetrics"][0]["scopeMetrics"][0]["metrics"])
      metrics[metric["name"].get<std::string>()] = metric;
  }
  return metrics;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics_text)

BOOST_AUTO_TEST_CASE(counters_have_the_names_of_prometheus_without_total) {
  ComponentSite site;
  site.register_component<ICache>(in_memory(), "sessions");
  std::set<std::string> expected;
  const auto text = prometheus_text(site);
  for (std::size_t begin = text.find("# TYPE "); begin != std::string::npos;
       begin = text.find("# TYPE ", begin + 1)) {
    auto name = text.substr(begin + 7, text.find(' ', begin + 7) - begin - 7);
    if (name == "cachesite_cache_up") continue;
    if (name.ends_with("_total")) name.resize(name.size() - 6);
    name.replace(0, std::string("cachesite_cache_").size(), "cachesite.cache.");
    expected.insert(name);
  }
  std::set<std::string> found;
  for (const auto& [name, metric] : metrics_of(telemetry::metrics_requests(
           EnvelopeText("shop", {}), telemetry::read_metrics(site), {1, 2}, 1 << 22)))
    found.insert(name);
  BOOST_TEST(found == expected, boost::test_tools::per_element());
  BOOST_TEST(found.size() == 13u);
}

BOOST_AUTO_TEST_CASE(counters_are_cumulative_sums_and_present_numbers_gauges) {
  ComponentSite site;
  const auto cache = site.register_component<ICache>(in_memory(), "sessions");
  cache->set_value("key", "value", 1h);
  (void)cache->get_value("key");
  (void)cache->get_value("absent");
  const auto metrics = metrics_of(
      telemetry::metrics_requests(EnvelopeText("shop", {}), telemetry::read_metrics(site), {1, 2}, 1 << 22));
  const auto& hits = metrics.at("cachesite.cache.hits")["sum"];
  BOOST_TEST(hits["aggregationTemporality"] == 2);
  BOOST_TEST(hits["isMonotonic"] == true);
  const auto& point = hits["dataPoints"][0];
  BOOST_TEST(point["asInt"] == "1");
  BOOST_TEST(point["startTimeUnixNano"] == "1");
  BOOST_TEST(point["timeUnixNano"] == "2");
  BOOST_TEST(attribute_of(point, "cachesite.cache") == "sessions");
  BOOST_TEST(metrics.at("cachesite.cache.entries")["gauge"]["dataPoints"][0]["asInt"] == "1");
  BOOST_TEST(metrics.at("cachesite.cache.bytes")["unit"] == "By");
}

BOOST_AUTO_TEST_CASE(durations_are_histograms_with_the_advised_bounds) {
  MetricsSource source{"sessions", "RedisCache", false, {}, nullptr, {}};
  RedisEndpointStatistics server;
  server.address = "[::1]:6380";
  server.state = RedisEndpointState::up;
  server.connects = 5;
  server.losses = 2;
  for (const auto duration : {500us, 900us, 2000us, 20'000us, 20'000'000us})
    server.latency.add(LatencyHistogram::interval_of(duration), 1);
  source.servers.push_back(server);
  const auto metrics =
      metrics_of(telemetry::metrics_requests(EnvelopeText("shop", {}), {source}, {1, 2}, 1 << 22));
  const auto& duration = metrics.at("db.client.operation.duration");
  BOOST_TEST(duration["unit"] == "s");
  const auto& point = duration["histogram"]["dataPoints"][0];
  BOOST_TEST(point["explicitBounds"] == json::parse("[0.001,0.005,0.01,0.05,0.1,0.5,1,5,10]"));
  BOOST_TEST(point["bucketCounts"] == json::parse(R"(["2","1","0","1","0","0","0","0","0","1"])"));
  BOOST_TEST(point["count"] == "5");
  BOOST_TEST(point["sum"].get<double>() > 20.0);
  BOOST_TEST(point["sum"].get<double>() < 23.0);
  BOOST_TEST(attribute_of(point, "db.system.name") == "redis");
  BOOST_TEST(attribute_of(point, "server.address") == "::1");
  BOOST_TEST(attribute_of(point, "server.port") == "6380");
  std::map<std::string, std::string> counts;
  for (const auto& state : metrics.at("db.client.connection.count")["sum"]["dataPoints"])
    counts[attribute_of(state, "db.client.connection.state")] = state["asInt"].get<std::string>();
  BOOST_TEST(counts.at("used") == "3");
  BOOST_TEST(counts.at("idle") == "0");
}

BOOST_AUTO_TEST_CASE(every_interval_of_a_histogram_counts_once) {
  MetricsSource source{"sessions", "RedisCache", false, {}, nullptr, {}};
  RedisEndpointStatistics server;
  server.address = "unix:/run/redis.sock";
  for (std::size_t interval = 0; interval < LatencyHistogram::size; ++interval)
    server.latency.add(interval, 1);
  source.servers.push_back(server);
  const auto metrics =
      metrics_of(telemetry::metrics_requests(EnvelopeText("shop", {}), {source}, {1, 2}, 1 << 22));
  const auto& point = metrics.at("db.client.operation.duration")["histogram"]["dataPoints"][0];
  std::uint64_t sum = 0;
  for (const auto& bucket : point["bucketCounts"])
    sum += std::stoull(bucket.get<std::string>());
  BOOST_TEST(sum == LatencyHistogram::size);
  BOOST_TEST(point["count"] == std::to_string(LatencyHistogram::size));
  BOOST_TEST(attribute_of(point, "server.address") == "/run/redis.sock");
  BOOST_TEST(attribute_of(point, "server.port") == "");
}

BOOST_AUTO_TEST_CASE(a_component_is_shown_once_and_none_but_those_with_numbers) {
  ComponentSite site;
  const auto cache = measured();
  site.register_component<ICache>(cache, "sessions");
  site.register_component<ICache>(cache, "users");
  site.register_component<ICacheMetrics>(cache, "sessions");
  site.register_component<ILogger>(std::make_shared<SilentLogger>());
  (void)cache->get_value("key");
  const auto sources = telemetry::read_metrics(site);
  BOOST_REQUIRE(sources.size() == 1u);
  BOOST_TEST(sources.front().name == "sessions");
  const auto metrics =
      metrics_of(telemetry::metrics_requests(EnvelopeText("shop", {}), sources, {1, 2}, 1 << 22));
  const auto& calls = metrics.at("cachesite.cache.operations")["sum"]["dataPoints"];
  BOOST_REQUIRE(calls.size() == 1u);
  BOOST_TEST(attribute_of(calls[0], "cachesite.operation") == "read");
  BOOST_TEST(metrics.at("cachesite.cache.operation_duration")["histogram"]["dataPoints"][0]["count"] == "1");
}

BOOST_AUTO_TEST_CASE(what_is_too_long_for_one_request_is_several) {
  std::vector<MetricsSource> sources;
  for (int number = 0; number < 50; ++number)
    sources.push_back({"cache-" + std::to_string(number), "MemoryCache", true, {}, nullptr, {}});
  constexpr std::size_t most = 40'000;
  const auto requests = telemetry::metrics_requests(EnvelopeText("shop", {}), sources, {1, 2}, most);
  BOOST_TEST(requests.size() > 1u);
  std::set<std::string> names;
  for (const auto& request : requests) {
    BOOST_TEST(request.size() <= most);
    for (const auto& [name, metric] : metrics_of({request}))
      if (metric.contains("sum"))
        for (const auto& point : metric["sum"]["dataPoints"])
          names.insert(attribute_of(point, "cachesite.cache"));
  }
  BOOST_TEST(names.size() == 50u);
  BOOST_TEST(telemetry::metrics_requests(EnvelopeText("shop", {}), {}, {1, 2}, most).empty());
}

BOOST_AUTO_TEST_CASE(metrics_are_sent_in_their_turn_and_when_asked_for_and_show_no_key) {
  ComponentSite site;
  site.register_component<ICache>(in_memory(), "sessions");
  ComponentContext context;
  context.site = &site;
  auto options = every_call("");
  options.keys = TelemetryKeys::plain;
  TracedMemory asked(options, {}, context);
  (void)asked.cache->get_value("user:42");
  BOOST_TEST(asked.spans().size() == 1u);
  BOOST_TEST(asked.collector.requests("/v1/metrics").size() == 1u);
  BOOST_TEST(asked.exporter->statistics().metrics_sent == 1u);
  for (const auto& request : asked.collector.requests("/v1/metrics"))
    BOOST_TEST(request.body.find("user:42") == std::string::npos);
  options.metrics_interval = 50ms;
  TracedMemory timed(options, {}, context);
  timed.exporter->start();
  BOOST_TEST(timed.collector.wait_for_requests(3, "/v1/metrics"));
  timed.exporter->stop();
  options.metrics = false;
  TracedMemory silent(options, {}, context);
  (void)silent.cache->get_value("user:42");
  BOOST_TEST(silent.spans().size() == 1u);
  BOOST_TEST(silent.collector.requests("/v1/metrics").empty());
}

BOOST_AUTO_TEST_SUITE_END()
