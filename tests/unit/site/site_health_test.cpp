#include <cachesite/cache.hpp>
#include <cachesite/document_writer.hpp>
#include <cachesite/load.hpp>
#include <cachesite/site_reports.hpp>

#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

namespace {

// Nothing listens there.
const std::string lost_redis = "{class: RedisCache, port: 1, socket_connect_timeout: 50ms";

std::shared_ptr<ComponentSite> site_of(const std::string& text) {
  return load_component_site_from_text(text, Format::yaml);
}

std::string member(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  return found ? found->scalar : "none";
}

// `healthy degraded`
std::string whole(const std::string& text, const HealthReportOptions& options = {}) {
  const auto report = health_report(*site_of(text), options);
  return member(report, "status") + " " + member(report, "state");
}

HealthState state_of(const std::string& text) {
  return site_of(text)->get_component<ICache>("c")->health().state;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(site_health)

BOOST_AUTO_TEST_CASE(an_optional_component_that_is_down_degrades_the_site) {
  BOOST_TEST(whole("- {class: MemoryCache, name: m}\n") == "healthy up");
  BOOST_TEST(whole("- " + lost_redis + ", name: c}\n") == "unhealthy down");
  BOOST_TEST(whole("- " + lost_redis + ", name: c, optional: false}\n") == "unhealthy down");
  BOOST_TEST(whole("- " + lost_redis + ", name: c, optional: true}\n") == "healthy degraded");
  BOOST_TEST(whole("- " + lost_redis + ", name: c, optional: true}\n- " + lost_redis + ", name: d}\n") ==
             "unhealthy down");
  HealthReportOptions options;
  options.optional_components = {"c"};
  BOOST_TEST(whole("- " + lost_redis + ", name: c}\n", options) == "healthy degraded");
  const auto report = health_report(*site_of("- " + lost_redis + ", name: c, optional: true}\n"));
  BOOST_TEST(member(report.find("components")->elements.front(), "required") == "false");
  BOOST_TEST(member(report.find("components")->elements.front(), "status") == "unhealthy");
}

BOOST_AUTO_TEST_CASE(a_layer_that_works_without_the_cache_below_degrades_the_site) {
  const std::string over = ", name: c, over: " + lost_redis + "}";
  BOOST_TEST(whole("- {class: PrefixCache, prefix: p" + over + "}\n") == "unhealthy down");
  BOOST_TEST(whole("- {class: TieredCache, near: {class: MemoryCache}" + over + "}\n") == "healthy degraded");
  BOOST_TEST(whole("- {class: TieredCache, near: " + lost_redis + "}" + over + "}\n") == "unhealthy down");
  BOOST_TEST(whole("- {class: FailoverCache, on_error: degrade" + over + "}\n") == "healthy degraded");
  BOOST_TEST(whole("- {class: RememberCache" + over + "}\n") == "healthy degraded");
  BOOST_TEST(whole("- {class: MetricsCache, name: c, over: {class: RememberCache, over: " + lost_redis +
                   "}}}\n") == "healthy degraded");
}

BOOST_AUTO_TEST_CASE(computing_under_a_lock_that_is_demanded_takes_the_lock) {
  const std::string remember =
      "- {class: RememberCache, name: c, over: " + lost_redis + "}, on_lock_failure: error, locks: ";
  BOOST_TEST((state_of(remember + "{class: RedisMutexSite, port: 1, require_connection: false}}\n") ==
              HealthState::down));
  BOOST_TEST((state_of(remember + "{class: MemoryMutexSite}}\n") == HealthState::degraded));
}

BOOST_AUTO_TEST_CASE(a_stopped_layer_is_down) {
  for (const std::string layer : {"TieredCache, near: {class: MemoryCache}", "RememberCache"}) {
    const auto site = site_of("- {class: " + layer + ", name: c, over: " + lost_redis + "}}\n");
    const auto cache = site->get_component<ICache>("c");
    site->stop();
    BOOST_TEST((cache->health().state == HealthState::down));
  }
}

BOOST_AUTO_TEST_CASE(what_stands_in_place_of_a_reference_is_shown_on_request_and_decides_nothing) {
  const auto site = site_of(
      "- {class: MetricsCache, name: c, over: {class: TieredCache, near: {class: MemoryCache}, "
      "over: " +
      lost_redis + "}}}\n");
  HealthReportOptions options;
  BOOST_TEST(health_report(*site).find("components")->elements.front().find("in_place") == nullptr);
  options.in_place = true;
  const auto report = health_report(*site, options);
  BOOST_TEST(member(report, "state") == "degraded");
  BOOST_TEST(report.find("components")->elements.size() == 1U);
  const auto& tiers = report.find("components")->elements.front().find("in_place")->elements.front();
  BOOST_TEST(member(tiers, "name") == "c.over");
  BOOST_TEST(member(tiers, "state") == "degraded");
  BOOST_REQUIRE(tiers.find("in_place")->elements.size() == 2U);
  const auto& far = tiers.find("in_place")->elements.front();
  BOOST_TEST(member(far, "name") == "c.over.over");
  BOOST_TEST(member(far, "state") == "down");
  BOOST_TEST(member(*far.find("details"), "port") == "1");
}

BOOST_AUTO_TEST_CASE(metrics_show_a_cache_as_one_with_its_connections_and_the_rest_on_request) {
  const auto site = site_of("- {class: PrefixCache, prefix: p, name: c, over: " + lost_redis + "}}\n");
  const auto brief = prometheus_text(*site);
  BOOST_TEST(brief.find("cachesite_cache_hits_total{cache=\"c\",class=\"PrefixCache\"}") !=
             std::string::npos);
  BOOST_TEST(brief.find("cache=\"c.over\"") == std::string::npos);
  BOOST_TEST(brief.find("cachesite_redis_up{component=\"c.over\",class=\"RedisCache\"") != std::string::npos);
  BOOST_TEST(prometheus_text(*site, {.parts = true})
                 .find("cachesite_cache_hits_total{cache=\"c.over\",class=\"RedisCache\"}") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_component_in_place_is_not_optional_by_itself) {
  try {
    (void)site_of("- {class: PrefixCache, prefix: p, name: c, over: {class: MemoryCache, optional: true}}\n");
    BOOST_ERROR("loaded");
  } catch (const LoadError& error) {
    const std::string said = error.what();
    BOOST_TEST(said.find("over.optional: the site asks the component around it") != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
