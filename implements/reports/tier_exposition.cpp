#include "reports/tier_exposition.hpp"

#include "reports/reported_component.hpp"

#include <cachesite/i_tiered_cache.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::reports {

namespace {

struct TierFamily {
  std::string_view name;
  std::string_view help;
  std::uint64_t TierStatistics::*field;
};

using Tiers = TierStatistics;
constexpr TierFamily tier_families[] = {
    {"tier_near_hits_total", "Reads that a copy answered.", &Tiers::near_hits},
    {"tier_near_misses_total", "Reads answered by the memory of a miss.", &Tiers::near_misses},
    {"tier_far_hits_total", "Reads that the far tier answered with an entry.", &Tiers::far_hits},
    {"tier_far_misses_total", "Reads that found nothing in either tier.", &Tiers::far_misses},
    {"tier_fills_total", "Copies made of what was read.", &Tiers::fills},
    {"tier_fills_dropped_total", "Copies not made, since the entry changed meanwhile.",
     &Tiers::fills_dropped},
    {"tier_fills_ruled_out_total", "Copies not made, since a rule says so.", &Tiers::fills_ruled_out},
    {"tier_fills_unvouched_total", "Copies not made, since nobody vouched for them.",
     &Tiers::fills_unvouched},
    {"tier_stale_hits_total", "Copies served although nobody vouched for them.", &Tiers::stale_hits},
    {"tier_fenced_reads_total", "Reads that first asked whether all news had come.", &Tiers::fenced_reads},
    {"tier_pass_through_reads_total", "Reads while nobody vouched for copies.", &Tiers::pass_through_reads},
    {"tier_news_messages_total", "Messages about changes that were heard.", &Tiers::news_messages},
    {"tier_news_keys_total", "Keys in them.", &Tiers::news_keys},
    {"tier_news_keys_with_copy_total", "Those of them that had a copy.", &Tiers::news_keys_with_copy},
    {"tier_everything_changed_total", "Messages that any entry may have changed.",
     &Tiers::everything_changed},
    {"tier_epochs_total", "Times that somebody began to vouch for copies.", &Tiers::epochs},
    {"tier_gaps_total", "Times that somebody ceased to.", &Tiers::gaps},
    {"tier_gap_milliseconds_total", "How long nobody vouched for copies of a server.",
     &Tiers::gap_milliseconds},
    {"tier_recovery_done_total", "Keys removed from the far tier after an outage.", &Tiers::recovery_done},
    {"tier_recovery_given_up_total", "Keys that the far tier can never remove.", &Tiers::recovery_given_up},
    {"tier_recovery_forgotten_total", "Such keys that there was no room for.", &Tiers::recovery_forgotten},
    {"tier_audit_compared_total", "Copies compared with the far tier.", &Tiers::audit_compared},
    {"tier_audit_different_total", "Those that differed although all news had come.",
     &Tiers::audit_different},
    {"tier_published_total", "Messages about changes to other processes.", &Tiers::published},
    {"tier_publish_failures_total", "Attempts to send one that failed.", &Tiers::publish_failures},
    {"tier_received_total", "Messages of other processes.", &Tiers::received},
    {"tier_bad_messages_total", "Messages of the backplane that could not be read.", &Tiers::bad_messages},
    {"tier_sequence_gaps_total", "Times that messages of another process were missed.",
     &Tiers::sequence_gaps},
    {"tier_lag_milliseconds_total", "How long messages of other processes took.", &Tiers::lag_milliseconds},
};

struct ReportedTiers {
  std::string labels;
  TierStatistics statistics;
  bool coherent;
};

}  // namespace

void add_tiers(Exposition& exposition, const ComponentSite& site) {
  std::vector<ReportedTiers> caches;
  std::set<const ITieredCache*> seen;  // a whole offers those of its part
  for (const auto& reported : all_components(site)) {
    const auto* const tiers =
        reported.component ? find_interface<ITieredCache>(std::as_const(*reported.component)) : nullptr;
    if (tiers != nullptr && seen.insert(tiers).second)
      caches.push_back({Exposition::with_label({}, "cache", reported.name), tiers->tier_statistics(),
                        tiers->coherence().state == Coherence::coherent});
  }
  for (const auto& family : tier_families) {
    exposition.begin(family.name, "counter", family.help);
    for (const auto& cache : caches)
      exposition.add(cache.labels, cache.statistics.*family.field);
  }
  exposition.begin("tier_coherent", "gauge", "1 while somebody vouches for every copy that is served.");
  for (const auto& cache : caches)
    exposition.add(cache.labels, std::uint64_t{cache.coherent ? 1U : 0U});
}

}  // namespace cachesite::reports
