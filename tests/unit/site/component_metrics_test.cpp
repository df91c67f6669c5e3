#include <cachesite/cache_hook.hpp>
#include <cachesite/component.hpp>
#include <cachesite/component_site.hpp>
#include <cachesite/load.hpp>
#include <cachesite/site_reports.hpp>

#include <chrono>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(component_metrics)

namespace {

using Kind = ComponentMetric::Kind;
using Metrics = std::vector<ComponentMetric>;

class ICounter : public Interface<ICounter, "ICounter"> {};

class Counter final : public ICounter, public IComponentMetrics {
 public:
  explicit Counter(Metrics metrics) : metrics_(std::move(metrics)) {}
  [[nodiscard]] Metrics component_metrics() const override { return metrics_; }

 private:
  const Metrics metrics_;
};

class CountingHook final : public ICacheHook, public IComponentMetrics {
 public:
  using provides = Provides<ICacheHook>;
  void before(const CacheCall&) override {}
  void after(const CacheCall&, const CacheCallResult&, std::chrono::nanoseconds) override {}
  void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override {}
  [[nodiscard]] Metrics component_metrics() const override {
    return {{"shop_calls_total", Kind::counter, 1, "Calls."}};
  }
};

std::string text_of(Metrics first, Metrics second = {}) {
  ComponentSite site;
  site.register_component<ICounter>(std::make_shared<Counter>(std::move(first)), "first");
  site.register_component<ICounter>(std::make_shared<Counter>(std::move(second)), "second");
  return prometheus_text(site);
}

std::string complaint_about(Metrics first, Metrics second = {}) {
  try {
    return text_of(std::move(first), std::move(second));
  } catch (const std::invalid_argument& exception) {
    return exception.what();
  }
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(components_of_a_program_tell_their_own_numbers) {
  const auto text = text_of({{"shop_orders_total", Kind::counter, 3, "Orders\ntaken."},
                             {"shop_load", Kind::gauge, 0.25, "Load.", {{"part", "a\"b"}}}},
                            {{"shop_orders_total", Kind::counter, 5e9, "Not shown: the first counts."}});
  const auto class_label = text.substr(text.find("class="), text.find("\",part") + 1 - text.find("class="));
  BOOST_TEST(text ==
             "# HELP shop_load Load.\n"
             "# TYPE shop_load gauge\n"
             "shop_load{component=\"first\"," +
                 class_label +
                 ",part=\"a\\\"b\"} 0.25\n"
                 "# HELP shop_orders_total Orders\\ntaken.\n"
                 "# TYPE shop_orders_total counter\n"
                 "shop_orders_total{component=\"first\"," +
                 class_label +
                 "} 3\n"
                 "shop_orders_total{component=\"second\"," +
                 class_label + "} 5e+09\n");
}

BOOST_AUTO_TEST_CASE(numbers_that_are_none_have_their_words) {
  const auto text = text_of({{"a", Kind::gauge, std::numeric_limits<double>::infinity()},
                             {"b", Kind::gauge, -std::numeric_limits<double>::infinity()},
                             {"c", Kind::gauge, std::numeric_limits<double>::quiet_NaN()}});
  BOOST_TEST(has(text, "} +Inf\n"));
  BOOST_TEST(has(text, "} -Inf\n"));
  BOOST_TEST(has(text, "} NaN\n"));
}

BOOST_AUTO_TEST_CASE(names_that_prometheus_does_not_know_are_refused) {
  for (const auto* name : {"", "shop orders", "2_orders", "shop-orders", "größe"})
    BOOST_TEST(has(complaint_about({{name, Kind::gauge, 1}}), "characters other than"), name);
  BOOST_TEST(has(complaint_about({{"cachesite_cache_up", Kind::gauge, 1}}),
                 "a name that is reserved for the library"));
  for (const auto* label : {"", "a b", "component", "class"})
    BOOST_TEST(
        has(complaint_about({{"a", Kind::gauge, 1, "", {{label, "x"}}}}), "a label with a reserved name"),
        label);
  BOOST_TEST(
      has(complaint_about({{"a", Kind::gauge, 1}}, {{"a", Kind::counter, 1}}), "the metric \"a\" of "));
  BOOST_TEST(has(complaint_about({{"a", Kind::gauge, 1}}, {{"a", Kind::counter, 1}}),
                 " \"second\" is a counter in one place and a gauge in another"));
}

BOOST_AUTO_TEST_CASE(a_component_in_place_of_a_reference_tells_its_numbers_too) {
  LoadOptions options;
  options.catalog.add<CountingHook>("CountingHook");
  const auto site = load_component_site_from_text(
      "- {class: HookedCache, name: seen, over: {class: MemoryCache}, hooks: [{class: CountingHook}]}",
      Format::yaml, options);
  BOOST_TEST(has(prometheus_text(*site), "shop_calls_total{component=\"seen.hooks"), prometheus_text(*site));
}

BOOST_AUTO_TEST_SUITE_END()
