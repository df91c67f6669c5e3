// Stale values, limits, refresh and rules as component files declare them.

#include <cachesite/cachesite.hpp>

#include <chrono>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(surviving_files)

namespace {

std::shared_ptr<ComponentSite> site_of(const std::string& remember) {
  return load_component_site_from_text(
      "- {class: Cache, name: c, store: {class: MemoryCache}, remember: " + remember + "}", Format::yaml);
}

// The problems of the file, without their places in it.
std::string problems_of(const std::string& remember) {
  try {
    (void)site_of(remember);
  } catch (const LoadError& refused) {
    std::string all;
    for (const auto& problem : refused.problems())
      all.append(all.empty() ? "" : "\n").append(problem.id).append(" ").append(problem.message);
    return all;
  }
  return "none";
}

// What a value becomes whose TTL has ended when its factory fails: "stale" or "failed".
std::string after_the_end(ComponentSite& site) {
  const auto cache = site.get_component<IComputingCache>("c");
  (void)cache->remember("k", 1ms, [] { return "v"; });
  const auto end = std::chrono::steady_clock::now() + 3ms;
  while (std::chrono::steady_clock::now() < end) {
  }
  return cache->remember("k", 1ms, [] { return Error(ErrorCode::unreachable); }).stale() ? "stale" : "failed";
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_short_and_the_long_form_mean_the_same) {
  BOOST_TEST(after_the_end(*site_of("true")) == "failed");
  BOOST_TEST(after_the_end(*site_of("{stale: 1h}")) == "stale");
  BOOST_TEST(after_the_end(*site_of("{stale: {keep: 1h, throttle: 5s}}")) == "stale");
  BOOST_TEST(after_the_end(*site_of("{stale: {throttle: 5s}}")) == "failed");
  BOOST_TEST(after_the_end(*site_of("{stale: 0s, rules: [{match: 'k*', stale: 1h}]}")) == "stale");
  BOOST_TEST(after_the_end(*site_of("{stale: 1h, rules: [{match: 'k*', stale: 0s}]}")) == "failed");
}

BOOST_AUTO_TEST_CASE(every_setting_is_read) {
  const auto site = site_of(
      "{soft: 200ms, hard: 10s, stale: 1h, refresh: eager, error_ttl: 1s, most_abandoned: 3, most_waiting: "
      "7, "
      "rules: [{match: 'a*', ttl: 10min, negative_ttl: 2s, stale: 1h, refresh_from: 0.7, error_ttl: 5s}]}");
  BOOST_TEST(site->get_component<IComputingStatistics>("c")->computing_statistics().factories == 0U);
  BOOST_TEST(problems_of("{factory_soft: 200ms, factory_hard: 10s, refresh: {mode: swr, from: 0.5}}") ==
             "none");
}

BOOST_AUTO_TEST_CASE(mistakes_are_named) {
  BOOST_TEST(problems_of("{stale: tomorrow}").find("remember.stale.keep") != std::string::npos);
  BOOST_TEST(problems_of("{stale: [1h]}").find("remember.stale: expected a mapping") != std::string::npos);
  BOOST_TEST(problems_of("{refresh: sometimes}").find("remember.refresh.mode") != std::string::npos);
  BOOST_TEST(problems_of("{hard: 5ms}").find("10 ms or longer") != std::string::npos);
  BOOST_TEST(problems_of("{hard: 5s, factory_hard: 5s}").find("under two of its names") != std::string::npos);
  BOOST_TEST(problems_of("{rules: [{ttl: 5s}]}").find("\"match\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(where_nothing_keeps_values_the_file_is_refused) {
  const std::string text = "- {class: Cache, name: c, store: {class: NullCache}, remember: {stale: 1h}}";
  BOOST_CHECK_EXCEPTION(
      (void)load_component_site_from_text(text, Format::yaml), LoadError, [](const auto& refused) {
        return std::string(refused.what()).find("no cache below keeps values") != std::string::npos;
      });
}

BOOST_AUTO_TEST_CASE(prometheus_shows_the_counters_by_the_name_of_the_cache) {
  const auto site = site_of("{stale: 1h}");
  BOOST_TEST(after_the_end(*site) == "stale");
  const auto text = prometheus_text(*site);
  BOOST_TEST(text.find("cachesite_compute_factories_total{cache=\"c\"} 2\n") != std::string::npos);
  BOOST_TEST(text.find("cachesite_compute_stale_served_total{cache=\"c\"} 1\n") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
