#include "reports/computing_exposition.hpp"

#include "reports/reported_component.hpp"

#include <cachesite/computing_cache.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::reports {

namespace {

struct ComputingFamily {
  std::string_view name;
  std::string_view help;
  std::uint64_t ComputingStatistics::*field;
};

using S = ComputingStatistics;
constexpr ComputingFamily computing_families[] = {
    {"compute_factories_total", "Factories that were called.", &S::factories},
    {"compute_failures_total", "Factories that failed.", &S::failures},
    {"compute_soft_timeouts_total", "Callers that left at the soft limit with a stale value.",
     &S::soft_timeouts},
    {"compute_hard_timeouts_total", "Computations given up at the hard limit.", &S::hard_timeouts},
    {"compute_late_stored_total", "Their results that were stored after all.", &S::late_stored},
    {"compute_late_dropped_total", "Their results that were not stored.", &S::late_dropped},
    {"compute_stale_served_total", "Calls that got a value whose TTL had ended.", &S::stale_served},
    {"compute_throttled_total", "Of them those that called no factory after a failure.", &S::throttled},
    {"compute_errors_remembered_total", "Calls that got a remembered failure.", &S::errors_remembered},
    {"compute_joined_total", "Calls that waited for the computation of another.", &S::joined},
    {"compute_shed_total", "Calls refused because too many waited or were abandoned.", &S::shed},
    {"compute_refreshes_total", "Values computed again ahead of their end, or behind a stale value.",
     &S::refreshes},
    {"compute_refreshes_taken_from_far_total", "And those that another process had computed.",
     &S::refreshes_taken_from_far},
    {"compute_refreshes_dropped_total", "And those that there was no thread or lock for.",
     &S::refreshes_dropped},
    {"compute_not_modified_total", "Values that a factory found to be still right.", &S::not_modified},
    {"compute_bad_envelopes_total", "Reads that found damaged or foreign bytes.", &S::bad_envelopes},
};

}  // namespace

void add_computing(Exposition& exposition, const ComponentSite& site) {
  std::vector<std::pair<std::string, ComputingStatistics>> caches;
  std::set<const IComputingStatistics*> seen;  // a layer may offer those of the cache below
  for (const auto& reported : all_components(site)) {
    const auto* const computing =
        reported.component ? find_interface<IComputingStatistics>(std::as_const(*reported.component))
                           : nullptr;
    if (computing != nullptr && seen.insert(computing).second)
      caches.emplace_back(Exposition::with_label({}, "cache", reported.name),
                          computing->computing_statistics());
  }
  for (const auto& family : computing_families) {
    exposition.begin(family.name, "counter", family.help);
    for (const auto& [labels, statistics] : caches)
      exposition.add(labels, statistics.*family.field);
  }
  exposition.begin("compute_abandoned", "gauge", "Factories past their hard limit that still run.");
  for (const auto& [labels, statistics] : caches)
    exposition.add(labels, statistics.abandoned_now);
}

}  // namespace cachesite::reports
