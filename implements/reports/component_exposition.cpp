#include "reports/component_exposition.hpp"

#include "reports/reported_component.hpp"

#include <cachesite/component.hpp>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::reports {

namespace {

struct MetricFamily {
  ComponentMetric::Kind kind;
  std::string help;
  std::vector<std::pair<std::string, double>> values = {};  // by labels
};
using MetricFamilies = std::map<std::string, MetricFamily, std::less<>>;

bool is_metric_name(std::string_view name) {
  const auto is_part = [](char character) {
    return character == '_' || (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z') || (character >= '0' && character <= '9');
  };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
         std::all_of(name.begin(), name.end(), is_part);
}

[[noreturn]] void refuse_metric(const ReportedComponent& reported, const std::string& name,
                                const char* reason) {
  throw std::invalid_argument("the metric \"" + name + "\" of " + reported.class_name + " \"" +
                              reported.name + "\" " + reason);
}

std::string labels_of_metric(const ReportedComponent& reported, const ComponentMetric& metric) {
  auto labels = Exposition::with_label(Exposition::with_label({}, "component", reported.name), "class",
                                       reported.class_name);
  for (const auto& [name, value] : metric.labels) {
    if (!is_metric_name(name) || name == "component" || name == "class")
      refuse_metric(reported, metric.name, "has a label with a reserved name");
    labels = Exposition::with_label(std::move(labels), name, value);
  }
  return labels;
}

void collect_metric(MetricFamilies& families, const ReportedComponent& reported,
                    const ComponentMetric& metric) {
  if (!is_metric_name(metric.name))
    refuse_metric(reported, metric.name,
                  "has a name with characters other than letters, digits and underscores");
  if (metric.name.starts_with("cachesite_"))
    refuse_metric(reported, metric.name, "has a name that is reserved for the library");
  auto& family = families.try_emplace(metric.name, MetricFamily{metric.kind, metric.help}).first->second;
  if (family.kind != metric.kind)
    refuse_metric(reported, metric.name, "is a counter in one place and a gauge in another");
  family.values.emplace_back(labels_of_metric(reported, metric), metric.value);
}

}  // namespace

void add_components(Exposition& exposition, const ComponentSite& site) {
  MetricFamilies families;
  for (const auto& reported : all_components(site))
    if (const auto* const measured = dynamic_cast<const IComponentMetrics*>(reported.component.get()))
      for (const auto& metric : measured->component_metrics())
        collect_metric(families, reported, metric);
  for (const auto& [name, family] : families) {
    exposition.begin_of_program(name, family.kind == ComponentMetric::Kind::counter ? "counter" : "gauge",
                                family.help);
    for (const auto& [labels, value] : family.values)
      exposition.add(labels, value);
  }
}

}  // namespace cachesite::reports
