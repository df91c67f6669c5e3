#include <cachesite/tiered_cache.hpp>

#include <chrono>

namespace cachesite {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_tier_rules = 64;
constexpr std::chrono::hours longest_near_ttl_with_news{24};

}  // namespace

ParameterTable CoherenceOptions::parameters() {
  using namespace std::chrono_literals;
  using O = CoherenceOptions;
  return {
      parameter(
          "mode", &O::mode,
          "Who says that copies are true: nobody, so that a copy is used until its TTL ends; the "
          "processes with copies, which tell each other of their changes over a backplane; the servers, "
          "which tell of every change, whoever makes it; or both.")
          .choices({{"none", CoherenceMode::none},
                    {"backplane", CoherenceMode::backplane},
                    {"tracking", CoherenceMode::tracking},
                    {"both", CoherenceMode::both}}),
      parameter("tracking", &O::tracking,
                "Which changes the servers tell: of all keys of the cache. selective is not built yet.")
          .choices({{"broadcast", TrackingForm::broadcast}, {"selective", TrackingForm::selective}}),
      parameter("protocol", &O::protocol,
                "How the news are asked for; auto: RESP3 where the server knows it.")
          .choices({{"auto", FeedProtocol::automatic},
                    {"resp3", FeedProtocol::resp3},
                    {"resp2", FeedProtocol::resp2}}),
      parameter("max_staleness", &O::max_staleness,
                "A copy is used only if it is known to have been true at most so long ago.")
          .between(100ms, 1h),
      parameter("when_incoherent", &O::when_incoherent,
                "What a read does while nobody vouches for copies: asks the far tier; takes a copy that has "
                "not been vouched for at most keep_stale; or fails.")
          .choices({{"pass_through", WhenIncoherent::pass_through},
                    {"serve", WhenIncoherent::serve},
                    {"fail", WhenIncoherent::fail}}),
      parameter("verify", &O::verify,
                "How it is shown that the news are complete: by a write of the cache's own that has to come "
                "back as news, or only by an answer on their connection.")
          .choices({{"probe", NewsCheck::probe}, {"ping", NewsCheck::ping}}),
      parameter("probe_interval", &O::probe_interval, "How often the cache writes such a key.")
          .between(1s, 1h),
      parameter(
          "fallback_ttl", &O::fallback_ttl,
          "Longest time that a copy is used while only the backplane says that it is true, or while the "
          "backplane may miss changes.")
          .between(1ms, 1h),
      parameter("backplane", &O::backplane,
                "What the processes tell each other over, such as a RedisBackplane; needed for backplane and "
                "both."),
  };
}

ParameterTable RecoveryOptions::parameters() {
  using namespace std::chrono_literals;
  using O = RecoveryOptions;
  return {
      parameter("mode", &O::mode,
                "remove: such keys are removed from the far tier once it works again; until then calls about "
                "them fail. none: the far tier may keep old values until their TTL ends. auto: remove with "
                "coherence, none without.")
          .choices({{"auto", RecoveryMode::automatic},
                    {"none", RecoveryMode::none},
                    {"remove", RecoveryMode::remove}}),
      parameter("keys", &O::keys, "Most keys that are remembered.").between(0, 10'000'000).unit("keys"),
      parameter("bytes", &O::bytes, "Most bytes of them, with 64 more for each key.").at_least(ByteSize{0}),
      parameter(
          "delay", &O::delay,
          "Pause, once the far tier works again, before keys are removed without being asked for; up to "
          "half of it less, by chance.")
          .between(0ms, 1h),
      parameter("rate", &O::rate, "Most keys a second that are removed so.")
          .between(1, 1'000'000)
          .unit("keys"),
  };
}

std::vector<std::string> CoherenceOptions::complaints(std::optional<std::chrono::milliseconds> near_ttl,
                                                      std::chrono::milliseconds keep_stale) const {
  using namespace std::chrono_literals;
  std::vector<std::string> complaints;
  if (mode == CoherenceMode::none) return complaints;
  if (mode != CoherenceMode::tracking && !backplane.is_set())
    complaints.emplace_back("mode backplane and both need a backplane, such as a RedisBackplane");
  if (mode == CoherenceMode::tracking && backplane.is_set())
    complaints.emplace_back("mode tracking uses no backplane: leave it out, or take both");
  if (fallback_ttl < 1ms || fallback_ttl > 1h) complaints.emplace_back("fallback_ttl is 1 ms to 1 h");
  if (tracks() && tracking == TrackingForm::selective)
    complaints.emplace_back("tracking: selective is not built yet; use broadcast");
  if (when_incoherent == WhenIncoherent::serve && keep_stale.count() == 0)
    complaints.emplace_back(
        "when_incoherent: serve needs keep_stale, the longest time that a copy is served");
  if (tracks() && near_ttl && *near_ttl > 24h)
    complaints.emplace_back(
        "near_ttl is at most 24h with tracking: it bounds the changes that a server does not tell (SWAPDB)");
  if (max_staleness < 100ms || max_staleness > 1h) complaints.emplace_back("max_staleness is 100 ms to 1 h");
  if (probe_interval < 1s || probe_interval > 1h) complaints.emplace_back("probe_interval is 1 s to 1 h");
  return complaints;
}

ParameterTable TierRule::parameters() {
  using O = TierRule;
  return {
      parameter(
          "match", &O::match,
          "Pattern of keys, such as price:*; * is any number of bytes, ? is one, [a-z] is one of a set.")
          .required(),
      parameter("near_ttl", &O::near_ttl, "In place of near_ttl of the cache.").at_least(milliseconds(1)),
      parameter("near", &O::near, "Whether there are copies of such keys at all."),
      parameter("keep_stale", &O::keep_stale, "In place of keep_stale of the cache.")
          .between(milliseconds(0), milliseconds(TieredCacheOptions::longest_keep)),
      parameter("negative_ttl", &O::negative_ttl, "In place of negative_ttl of the cache.")
          .between(milliseconds(0), milliseconds(TimeToLive::longest)),
  };
}

std::vector<std::string> TierRule::complaints(const std::vector<TierRule>& rules, bool tracks) {
  std::vector<std::string> complaints;
  const auto complain = [&](bool wrong, const char* text) {
    if (wrong) complaints.emplace_back(text);
  };
  complain(rules.size() > most_tier_rules, "there are at most 64 rules");
  for (const auto& rule : rules) {
    complain(rule.near_ttl && !TimeToLive(*rule.near_ttl).valid(), "a near_ttl is 1 ms to 10 years");
    complain(tracks && rule.near_ttl && *rule.near_ttl > longest_near_ttl_with_news,
             "a near_ttl is at most 24h with tracking");
    complain(rule.negative_ttl && rule.negative_ttl->count() != 0 && !TimeToLive(*rule.negative_ttl).valid(),
             "a negative_ttl is 0, or 1 ms to 10 years");
    complain(rule.keep_stale &&
                 (rule.keep_stale->count() < 0 || *rule.keep_stale > TieredCacheOptions::longest_keep),
             "a keep_stale is 0 to 30 days");
  }
  return complaints;
}

ParameterTable TieredCacheOptions::parameters() {
  using namespace std::chrono_literals;
  using O = TieredCacheOptions;
  using std::chrono::milliseconds;
  return {
      parameter("over", &O::over, "The far tier: the cache that holds every entry, such as a RedisCache.")
          .required(),
      parameter("near", &O::near,
                "The near tier: a cache for copies, such as a MemoryCache, that nothing else uses.")
          .required(),
      parameter("near_ttl", &O::near_ttl,
                "Longest time that a copy is used without asking the far tier; without coherence, a change "
                "by another process may go unseen for as long.")
          .computed_default("30s; with coherence 5min")
          .at_least(1ms),
      parameter("negative_ttl", &O::negative_ttl,
                "How long a miss of the far tier is remembered; 0: not at all."),
      parameter(
          "keep_stale", &O::keep_stale,
          "How long a copy is kept after its end, for a RememberCache above that returns it when no newer "
          "value can be had; 0: not at all. The near tier has to be a MemoryCache.")
          .between(0ms, milliseconds(longest_keep)),
      parameter(
          "when_far_fails", &O::when_far_fails,
          "What a read does when the far tier cannot be reached: it fails, or takes a copy that has ended, "
          "or that nobody vouches for, for at most keep_stale.")
          .choices({{"error", WhenFarFails::error}, {"stale", WhenFarFails::stale}}),
      parameter("recovery", &O::recovery,
                "What becomes of keys whose change failed as in an outage; a word alone is that of mode.")
          .short_for("mode"),
      parameter("coherence", &O::coherence,
                "Keeps copies true when other processes change entries; a word alone is that of mode.")
          .short_for("mode"),
      parameter(
          "rules", &O::rules,
          "Settings by key pattern, in place of those of the cache; the first rule that matches counts.")
          .live(),
      parameter("audit_sample", &O::audit_sample,
                "The share of hits that are compared with the far tier in the background, at most 0.01; what "
                "differs is dropped and counted.")
          .between(0.0, 0.01),
      parameter("listeners", &O::listeners,
                "Components of the program that are told what becomes of copies: gaps in the news, old "
                "copies that are served, keys that are removed after an outage."),
  };
}

std::vector<OptionComplaint> TieredCacheOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  const bool same = near.component() ? near.component() == over.component()
                                     : near.is_set() && over.is_set() && near.name() == over.name();
  if (same) complaints.push_back({"near", "the near tier and the far tier are the same cache"});
  if (near_ttl && !TimeToLive(*near_ttl).valid())
    complaints.push_back({"near_ttl", "a TTL is 1 ms to 10 years"});
  if (negative_ttl.count() != 0 && !TimeToLive(negative_ttl).valid())
    complaints.push_back({"negative_ttl", "0, or 1 ms to 10 years"});
  if (keep_stale.count() < 0 || keep_stale > longest_keep)
    complaints.push_back({"keep_stale", "0 to 30 days"});
  if (when_far_fails == WhenFarFails::stale && keep_stale.count() == 0)
    complaints.push_back(
        {"when_far_fails", "stale needs keep_stale, the longest time that a copy is served"});
  if (recovery.rate < 1 || recovery.delay.count() < 0)
    complaints.push_back({"recovery", "rate is 1 or more, delay 0 s or longer"});
  for (const auto& complaint : coherence.complaints(near_ttl, keep_stale))
    complaints.push_back({"coherence", complaint});
  if (!(audit_sample >= 0 && audit_sample <= 0.01)) complaints.push_back({"audit_sample", "0 to 0.01"});
  for (const auto& complaint : TierRule::complaints(rules, coherence.tracks()))
    complaints.push_back({"rules", complaint});
  return complaints;
}

}  // namespace cachesite
