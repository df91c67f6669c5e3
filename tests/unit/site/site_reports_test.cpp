#include <cachesite/cache.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/catalog.hpp>
#include <cachesite/document_writer.hpp>
#include <cachesite/load.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/rate_limiter.hpp>
#include <cachesite/site_reports.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string without_spaces(std::string text) {
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == ' '; }),
             text.end());
  return text;
}
std::string json(const Node& node) {
  return without_spaces(write_document(node, Format::json));
}

std::shared_ptr<ICache> memory_cache() {
  return std::make_shared<MemoryCache>(MemoryCacheOptions{});
}

// A component in the state that a test gives it.
class IProbe : public Interface<IProbe, "IProbe"> {};
class Probe final : public IProbe {
 public:
  explicit Probe(Health health) : health_(std::move(health)) {}
  [[nodiscard]] Health health() const override {
    if (health_.reason == "throw") throw std::runtime_error("no pulse");
    return health_;
  }

 private:
  Health health_;
};

std::shared_ptr<IProbe> probe(HealthState state, std::string reason = {}) {
  return std::make_shared<Probe>(Health{state, std::move(reason)});
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

// What a scraper relies on: heads before samples and only once, families in one piece, no sample twice.
void check_exposition(const std::string& text) {
  BOOST_TEST(text.ends_with("\n"));
  std::set<std::string> heads, samples;
  std::string family;
  for (const auto& line : lines_of(text)) {
    BOOST_TEST_CONTEXT(line) {
      if (line.starts_with("# HELP ")) {
        family = line.substr(7, line.find(' ', 7) - 7);
        BOOST_TEST(heads.insert(family).second);
      } else if (line.starts_with("# TYPE ")) {
        BOOST_TEST(line.substr(7, line.find(' ', 7) - 7) == family);
      } else {
        const auto braces = line.find('{');
        BOOST_REQUIRE(braces != std::string::npos);
        BOOST_TEST(line.substr(0, braces).starts_with(family));
        BOOST_TEST(samples.insert(line.substr(0, line.rfind(' '))).second);
        std::size_t used = 0;
        BOOST_TEST(std::stod(line.substr(line.rfind(' ') + 1), &used) >= 0);
        BOOST_TEST(used == line.size() - line.rfind(' ') - 1);
      }
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prometheus_text_of_a_site)

BOOST_AUTO_TEST_CASE(every_cache_shows_its_counters) {
  const auto site = load_component_site_from_text(
      "- {class: MemoryCache, entries: [{interface: ICache, name: sessions}]}\n", Format::yaml);
  const auto cache = site->get_component<ICache>("sessions");
  BOOST_TEST(cache->set_value("k", "v", 1h));
  for (int read = 0; read < 5; ++read)
    (void)cache->get_value("k");
  (void)cache->get_value("nobody");
  const auto text = prometheus_text(*site);
  check_exposition(text);
  BOOST_TEST(has(text,
                 "# HELP cachesite_cache_hits_total Reads that found a value or a cached null.\n"
                 "# TYPE cachesite_cache_hits_total counter\n"
                 "cachesite_cache_hits_total{cache=\"sessions\",class=\"MemoryCache\"} 5\n"));
  BOOST_TEST(has(text, "cachesite_cache_misses_total{cache=\"sessions\",class=\"MemoryCache\"} 1\n"));
  BOOST_TEST(has(text, "cachesite_cache_writes_total{cache=\"sessions\",class=\"MemoryCache\"} 1\n"));
  BOOST_TEST(has(text, "cachesite_cache_entries{cache=\"sessions\",class=\"MemoryCache\"} 1\n"));
  BOOST_TEST(has(text, "cachesite_cache_up{cache=\"sessions\",class=\"MemoryCache\"} 1\n"));
  for (const auto* const counter : {"failures", "refusals", "removals", "clears", "evictions", "expirations",
                                    "tag_evictions", "stampede_waits"})
    BOOST_TEST(has(text, "# TYPE cachesite_cache_" + std::string(counter) + "_total counter\n"));
  site->stop();
  BOOST_TEST(has(prometheus_text(*site), "cachesite_cache_up{cache=\"sessions\",class=\"MemoryCache\"}"));
}

BOOST_AUTO_TEST_CASE(a_cache_with_several_names_stands_there_once) {
  ComponentSite site;
  const auto cache = memory_cache();
  site.register_component<ICache>(cache);
  site.register_component<ICache>(cache, "b");
  site.register_component<ICache>(cache, "a");
  site.register_component<ICache>(memory_cache(), "other");
  const auto text = prometheus_text(site);
  check_exposition(text);
  BOOST_TEST(has(text, "hits_total{cache=\"a\",class=\"\"} 0\n"));
  BOOST_TEST(has(text, "hits_total{cache=\"other\",class=\"\"} 0\n"));
  BOOST_TEST(!has(text, "cache=\"b\""));
  BOOST_TEST(!has(text, "cache=\"\""));
}

BOOST_AUTO_TEST_CASE(metrics_add_operations_and_cumulative_histograms) {
  const auto site = load_component_site_from_text(
      "- {class: MemoryCache, entries: [{interface: ICache, name: store}]}\n"
      "- {class: MetricsCache, entries: [{interface: ICache, name: counted}], over: store, sample_every: "
      "1}\n",
      Format::yaml);
  const auto cache = site->get_component<ICache>("counted");
  for (int read = 0; read < 3; ++read)
    (void)cache->get_value("nobody");
  const auto text = prometheus_text(*site);
  check_exposition(text);
  const std::string labels = "{cache=\"counted\",class=\"MetricsCache\",operation=\"read\"";
  BOOST_TEST(has(text, "cachesite_cache_operations_total" + labels + "} 3\n"));
  BOOST_TEST(has(text, "cachesite_cache_operation_failures_total" + labels + "} 0\n"));
  BOOST_TEST(has(text, "# TYPE cachesite_cache_operation_duration_seconds histogram\n"));
  BOOST_TEST(has(text, "cachesite_cache_operation_duration_seconds_bucket" + labels + ",le=\"+Inf\"} 3\n"));
  BOOST_TEST(has(text, "cachesite_cache_operation_duration_seconds_count" + labels + "} 3\n"));
  BOOST_TEST(has(text, "cachesite_cache_operation_duration_seconds_sum" + labels + "} "));
  BOOST_TEST(!has(text, "operation=\"write\""));
  double bound = 0, count = 0;
  int buckets = 0;
  for (const auto& line : lines_of(text)) {
    const auto at = line.find(",le=\"");
    if (at == std::string::npos || has(line, "+Inf")) continue;
    ++buckets;
    const auto this_bound = std::stod(line.substr(at + 5));
    const auto this_count = std::stod(line.substr(line.rfind(' ')));
    BOOST_TEST(this_bound > bound);
    BOOST_TEST(this_count >= count);
    bound = this_bound;
    count = this_count;
  }
  BOOST_TEST(buckets == 14);
}

BOOST_AUTO_TEST_CASE(a_cache_is_up_unless_it_is_down) {
  struct AilingCache final : CacheLayer {
    explicit AilingCache(HealthState present) : CacheLayer(memory_cache()), state(present) {}
    [[nodiscard]] Health health() const override { return {state, "a test says so"}; }
    const HealthState state;
  };
  for (const auto state : {HealthState::up, HealthState::degraded, HealthState::down}) {
    ComponentSite site;
    site.register_component<ICache>(std::make_shared<AilingCache>(state), "sessions");
    const auto text = prometheus_text(site);
    const std::string_view digit = state == HealthState::down ? "} 0\n" : "} 1\n";
    const auto line = text.find("cachesite_cache_up{cache=\"sessions\"");
    BOOST_REQUIRE(line != std::string::npos);
    BOOST_TEST(text.substr(text.find('}', line), 4) == digit);
  }
}

BOOST_AUTO_TEST_CASE(redis_servers_show_their_connections) {
  const auto site = load_component_site_from_text(
      "- {class: RedisCache, host: 127.0.0.1, port: 1, entries: [{interface: ICache, name: r}, {interface: "
      "IRedisStatistics, name: r}]}\n",
      Format::yaml);
  const auto text = prometheus_text(*site);
  check_exposition(text);
  const std::string labels = "{component=\"r\",class=\"RedisCache\",server=\"127.0.0.1:1\"}";
  BOOST_TEST(has(text, "cachesite_redis_up" + labels + " 0\n"));
  BOOST_TEST(has(text, "cachesite_redis_breaker_closed" + labels + " 1\n"));
  BOOST_TEST(has(text, "cachesite_redis_breaker_openings_total" + labels + " 0\n"));
  BOOST_TEST(has(text, "cachesite_redis_connects_total" + labels + " 0\n"));
  BOOST_TEST(has(text, "# TYPE cachesite_redis_call_duration_seconds histogram\n"));
  BOOST_TEST(has(text, "cachesite_cache_up{cache=\"r\",class=\"RedisCache\"} 0\n"));
}

BOOST_AUTO_TEST_CASE(rate_limiters_show_what_they_allowed_and_refused) {
  const auto site = load_component_site_from_text(
      "- class: TokenBucketLimiter\n  entries: [{interface: IRateLimiter, name: api}]\n  rate: 2/hour\n"
      "- class: SlidingWindowLimiter\n  entries: [{interface: IRateLimiter, name: unused}]\n  rate: 2/hour\n",
      Format::yaml);
  const auto limiter = site->get_component<IRateLimiter>("api");
  for (int call = 0; call < 5; ++call)
    BOOST_TEST(limiter->acquire("key").ok());
  const auto text = prometheus_text(*site);
  check_exposition(text);
  const std::string api = "{limiter=\"api\",class=\"TokenBucketLimiter\"} ";
  BOOST_TEST(has(text, "# TYPE cachesite_rate_limiter_allowed_total counter\n"));
  BOOST_TEST(has(text, "cachesite_rate_limiter_up" + api + "1\n"));
  BOOST_TEST(has(text, "cachesite_rate_limiter_allowed_total" + api + "2\n"));
  BOOST_TEST(has(text, "cachesite_rate_limiter_refused_total" + api + "3\n"));
  BOOST_TEST(has(text, "cachesite_rate_limiter_without_server_total" + api + "0\n"));
  BOOST_TEST(has(text, "cachesite_rate_limiter_crowded_total" + api + "0\n"));
  BOOST_TEST(has(text, "cachesite_rate_limiter_keys" + api + "1\n"));
  BOOST_TEST(has(text, "{limiter=\"unused\",class=\"SlidingWindowLimiter\"} 0\n"));
}

BOOST_AUTO_TEST_CASE(labels_are_escaped) {
  // Names of components have no such characters; classes of a program may.
  LoadOptions options;
  options.catalog.add<MemoryCache>("My \"odd\\class");
  const auto site = load_component_site_from_text(
      R"([{"class": "My \"odd\\class", "entries": [{"interface": "ICache", "name": "a"}]}])", Format::json,
      options);
  const auto text = prometheus_text(*site);
  BOOST_TEST(has(text, R"(hits_total{cache="a",class="My \"odd\\class"} 0)"));
}

BOOST_AUTO_TEST_CASE(a_lazy_cache_that_is_not_made_is_left_out_and_not_made) {
  const auto site = load_component_site_from_text(
      "- {class: MemoryCache, lazy: true, entries: [{interface: ICache, name: sleeper}]}\n", Format::yaml);
  BOOST_TEST(prometheus_text(*site) == "");
  BOOST_TEST(json(information_report(*site)) == "{}");
  BOOST_TEST(!site->entries().front().component);
  BOOST_TEST(has(json(health_report(*site)),
                 R"("name":"sleeper","class":"MemoryCache","status":"healthy","state":"notmadeyet")"));
  BOOST_TEST(!site->entries().front().component);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(health_report_of_a_site)

BOOST_AUTO_TEST_CASE(components_are_sorted_by_name_and_stand_there_once) {
  ComponentSite site;
  const auto cache = memory_cache();
  site.register_component<ICache>(cache, "zebra");
  site.register_component<ICache>(cache);
  site.register_component<IProbe>(probe(HealthState::up), "ape");
  BOOST_TEST(json(health_report(site)) ==
             R"({"status":"healthy","state":"up","components":[)"
             R"({"name":"ape","class":"","status":"healthy","state":"up","required":true,"details":{}},)"
             R"({"name":"zebra","class":"","status":"healthy","state":"up","required":true,"details":{}}]})");
}

BOOST_AUTO_TEST_CASE(the_whole_is_unhealthy_exactly_when_a_required_component_is_down) {
  ComponentSite site;
  BOOST_TEST(json(health_report(site)) == R"({"status":"healthy","state":"up","components":[]})");
  site.register_component<IProbe>(probe(HealthState::degraded, "half of it"), "weak");
  BOOST_TEST(has(json(health_report(site)), R"({"status":"healthy",)"));
  BOOST_TEST(has(json(health_report(site)),
                 R"("status":"healthy","state":"degraded","required":true,"details":{"reason":"halfofit"})"));
  site.register_component<IProbe>(probe(HealthState::down, "gone"), "dead");
  BOOST_TEST(has(json(health_report(site)), R"({"status":"unhealthy",)"));
  HealthReportOptions options;
  options.optional_components = {"dead"};
  const auto report = json(health_report(site, options));
  BOOST_TEST(has(report, R"({"status":"healthy",)"));
  BOOST_TEST(
      has(report, R"({"name":"dead","class":"","status":"unhealthy","state":"down","required":false,)"));
}

BOOST_AUTO_TEST_CASE(liveness_looks_at_no_component_and_readiness_at_all) {
  ComponentSite site;
  site.register_component<IProbe>(probe(HealthState::down, "gone"), "dead");
  HealthReportOptions options;
  options.endpoint = HealthEndpoint::liveness;
  BOOST_TEST(json(health_report(site, options)) == R"({"status":"healthy","state":"up","components":[]})");
  options.endpoint = HealthEndpoint::readiness;
  BOOST_TEST(
      has(json(health_report(site, options)), R"({"status":"unhealthy","state":"down","components":[{)"));
}

BOOST_AUTO_TEST_CASE(a_component_that_throws_is_unhealthy_with_the_error_in_its_details) {
  ComponentSite site;
  site.register_component<IProbe>(probe(HealthState::up, "throw"), "p");
  BOOST_TEST(
      json(health_report(site)) ==
      R"({"status":"unhealthy","state":"down","components":[{"name":"p","class":"","status":"unhealthy",)"
      R"("state":"down","required":true,)"
      R"("details":{"error":{"message":"nopulse","type":"std::runtime_error"}}}]})");
}

BOOST_AUTO_TEST_CASE(details_can_be_left_out) {
  ComponentSite site;
  site.register_component<IProbe>(probe(HealthState::down, "10.1.2.3 refuses"), "p");
  HealthReportOptions options;
  options.details = false;
  const auto report = json(health_report(site, options));
  BOOST_TEST(!has(report, "details"));
  BOOST_TEST(!has(report, "10.1.2.3"));
}

// spakky's probe: database, host, key_prefix, port, ssl.
BOOST_AUTO_TEST_CASE(details_of_a_redis_cache_name_its_server_and_no_secret) {
  const auto site = load_component_site_from_text(
      "- class: RedisCache\n"
      "  entries: [{interface: ICache, name: r}, {interface: IRedisStatistics, name: r}]\n"
      "  host: 127.0.0.1\n  port: 1\n  db: 2\n  password: hunter2\n  prefix: 'shop:'\n",
      Format::yaml);
  const auto report = json(health_report(*site));
  BOOST_TEST(
      has(report, R"("details":{"database":2,"host":"127.0.0.1","key_prefix":"shop:","port":1,"reason":)"));
  BOOST_TEST(has(report, R"("ssl":false)"));
  BOOST_TEST(has(report, R"("status":"unhealthy")"));
  BOOST_TEST(!has(report, "hunter2"));
  BOOST_TEST(json(health_report(*site)).find("\"name\"") == json(health_report(*site)).rfind("\"name\""));
}

BOOST_AUTO_TEST_CASE(a_server_that_a_url_names_is_shown_by_its_address_alone) {
  const auto site = load_component_site_from_text(
      "- {class: RedisCache, url: 'redis://:hunter2@localhost:1/3', entries: [{interface: ICache, name: "
      "r}]}\n",
      Format::yaml);
  const auto report = json(health_report(*site));
  BOOST_TEST(has(report, R"("servers":[{"address":"localhost:1","state":"down"}])"));
  BOOST_TEST(!has(report, "hunter2"));
  BOOST_TEST(!has(report, "6379"));
}

BOOST_AUTO_TEST_CASE(the_host_and_port_of_a_cache_that_finds_its_servers_otherwise_are_not_shown) {
  for (const std::string otherwise :
       {"unix_socket_path: /nowhere/redis.sock", "startup_nodes: ['127.0.0.1:1']",
        "sentinels: ['127.0.0.1:1'], service_name: mymaster", "connection: c"})
    BOOST_TEST_CONTEXT(otherwise) {
      const auto site = load_component_site_from_text(
          "- {class: RedisConnection, url: 'redis://127.0.0.1:1', entries: [{interface: IRedis, name: c}]}\n"
          "- {class: RedisCache, entries: [{interface: ICache, name: r}], " +
              otherwise + "}\n",
          Format::yaml);
      const auto whole = json(health_report(*site));
      const auto report = whole.substr(std::min(whole.find(R"("name":"r")"), whole.size()));
      BOOST_TEST(has(report, R"("servers":[)"), report);
      for (const auto* const unused : {"6379", R"("host")", R"("port")"})
        BOOST_TEST(!has(report, unused), report);
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_the_configuration_names_is_shown_as_it_says) {
  const auto details_with = [](const std::string& values) {
    const auto site = load_component_site_from_text(
        "- {class: FixedConfig, values: [" + values + "], entries: [{interface: IConfig}]}\n" +
            "- {class: RedisCache, entries: [{interface: ICache, name: r}]}\n",
        Format::yaml);
    return json(health_report(*site));
  };
  const auto by_host = details_with("redis.host=127.0.0.2, redis.port=1, redis.db=7");
  BOOST_TEST(has(by_host, R"("details":{"database":7,"host":"127.0.0.2",)"), by_host);
  BOOST_TEST(has(by_host, R"("port":1,)"), by_host);
  const auto by_url = details_with("'redis.url=redis://localhost:1/3'");
  BOOST_TEST(has(by_url, R"("servers":[{"address":"localhost:1","state":"down"}])"), by_url);
  BOOST_TEST(!has(by_url, "6379"), by_url);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(information_report_of_a_site)

BOOST_AUTO_TEST_CASE(counters_are_grouped_by_cache_in_the_words_of_spakky) {
  const auto site = load_component_site_from_text(
      "- {class: MemoryCache, entries: [{interface: ICache}]}\n"
      "- {class: MetricsCache, entries: [{interface: ICache, name: counted}], over: ''}\n",
      Format::yaml);
  const auto cache = site->get_component<ICache>("counted");
  BOOST_TEST(cache->set_value("k", "v", 1h));
  (void)cache->get_value("k");
  (void)cache->get_value("nobody");
  (void)cache->remove("k");
  (void)cache->clear();
  const auto report = json(information_report(*site));
  BOOST_TEST(has(report, R"({"counted":{"clears":1,"deletes":1,"hits":1,"misses":1,"stampede_waits":0,)"
                         R"("tag_evictions":0,"writes":1},"memory_cache":{"clears":)"));
}

BOOST_AUTO_TEST_CASE(the_unnamed_redis_cache_is_called_as_spakky_calls_it) {
  const auto site = load_component_site_from_text(
      "- {class: RedisCache, port: 1, entries: [{interface: ICache}]}\n", Format::yaml);
  BOOST_TEST(json(information_report(*site)) ==
             R"({"redis_cache":{"clears":0,"deletes":0,"hits":0,"misses":0,"stampede_waits":0,)"
             R"("tag_evictions":0,"writes":0}})");
}

BOOST_AUTO_TEST_CASE(the_sample_file_counts_each_part_by_itself) {
  const auto site = load_component_site(CACHESITE_CONFIGS "/observed.yml");
  const auto sessions = site->get_component<ICache>("sessions");
  const auto prices = site->get_component<ICache>("prices");
  const auto store = site->get_component<ICache>("store");
  BOOST_TEST(sessions->set_value("k", "1", 1h));
  BOOST_TEST(prices->set_value("k", "2", 1h));
  BOOST_TEST(store->get_value("shop:k")->text() == "1");
  BOOST_TEST(store->get_value("spakky:cache:k")->text() == "2");
  (void)prices->get_value("nobody");
  BOOST_TEST(sessions->statistics().misses == 0u);
  BOOST_TEST(site->get_component<ICacheMetrics>("prices")->metrics().statistics.misses == 1u);
  BOOST_TEST(prices->clear().ok());
  BOOST_TEST(sessions->get_value("k")->text() == "1");
  check_exposition(prometheus_text(*site));
}

BOOST_AUTO_TEST_SUITE_END()
