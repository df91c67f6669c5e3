#include <cachesite/computing_cache.hpp>
#include <cachesite/detail/cache_metrics.hpp>
#include <cachesite/detail/cache_statistics.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <utility>

namespace cachesite {

namespace {

void add_complaints(std::vector<OptionComplaint>& complaints, const std::string& part,
                    const std::vector<OptionComplaint>& of_part) {
  for (const auto& complaint : of_part)
    complaints.push_back(
        {complaint.parameter.empty() ? part : part + "." + complaint.parameter, complaint.message});
}

std::vector<OptionComplaint> complaints_of(CodecCacheOptions codec, const std::string& name) {
  // The name is not known before the cache is made.
  if (codec.cache_name.empty()) codec.cache_name = name.empty() ? "?" : name;
  return codec.complaints();
}

std::vector<OptionComplaint> complaints_of(const NearOptions& near) {
  std::vector<OptionComplaint> complaints;
  if (near.ttl && !TimeToLive(*near.ttl).valid()) complaints.push_back({"ttl", "a TTL is 1 ms to 10 years"});
  if (near.negative_ttl.count() != 0 && !TimeToLive(near.negative_ttl).valid())
    complaints.push_back({"negative_ttl", "0, or 1 ms to 10 years"});
  if (near.keep_stale.count() < 0 || near.keep_stale > TieredCacheOptions::longest_keep)
    complaints.push_back({"keep_stale", "0 to 30 days"});
  if (near.backplane.is_set() && near.coherence.backplane.is_set())
    complaints.push_back({"backplane", "the backplane is given twice; leave out coherence.backplane"});
  for (const auto& complaint : near.whole_coherence().complaints(near.ttl, near.keep_stale))
    complaints.push_back({"coherence", complaint});
  if (!(near.audit_sample >= 0 && near.audit_sample <= 0.01))
    complaints.push_back({"audit_sample", "0 to 0.01"});
  for (const auto& complaint : TierRule::complaints(near.rules, near.coherence.tracks()))
    complaints.push_back({"rules", complaint});
  return complaints;
}

std::vector<OptionComplaint> complaints_of(const CacheOptions& options, const TaggedCacheOptions& tags) {
  auto complaints = tags.complaints();
  if (tags.form == TagForm::spakky &&
      (options.codec || options.near || options.failover || !options.prefix.empty()))
    complaints.push_back(
        {"form", "spakky writes to the server past codec, near, failover and prefix; leave them out"});
  return complaints;
}

}  // namespace

template <>
ParameterTable CachePart<RememberCacheOptions>::parameters() {
  ParameterTable table;
  const auto inherited = inherited_parameters<CachePart, RememberCacheOptions>();
  for (auto declaration : inherited.declarations()) {
    if (declaration.name == "over") continue;
    for (const auto& [own, whole] : {std::pair("soft", "factory_soft"), std::pair("hard", "factory_hard")})
      if (declaration.name == whole) {
        declaration.name = own;
        declaration.add_alias(whole);
      }
    table.add(std::move(declaration));
  }
  return table;
}

ParameterTable NearOptions::parameters() {
  using namespace std::chrono_literals;
  using O = NearOptions;
  return inherited_parameters<O, MemoryCacheOptions>().add(
      {parameter("ttl", &O::ttl,
                 "Longest time that a copy is used without asking the store; without coherence, a change by "
                 "another process may go unseen for as long.")
           .computed_default("30s; with coherence 5min")
           .at_least(1ms),
       parameter("negative_ttl", &O::negative_ttl,
                 "How long a miss of the store is remembered; 0: not at all."),
       parameter("keep_stale", &O::keep_stale,
                 "How long a copy is kept after its end, for who takes such; 0: not at all.")
           .between(0ms, std::chrono::milliseconds(TieredCacheOptions::longest_keep)),
       parameter("coherence", &O::coherence,
                 "Keeps copies true when other processes change entries: the group coherence of "
                 "TieredCache; a word alone is that of mode.")
           .short_for("mode"),
       parameter("rules", &O::rules, "Settings of copies by key pattern; the first rule that matches counts.")
           .live(),
       parameter("audit_sample", &O::audit_sample,
                 "The share of hits that are compared with the store in the background, at most 0.01.")
           .between(0.0, 0.01),
       parameter("listeners", &O::listeners,
                 "Components of the program that are told what becomes of copies."),
       parameter("backplane", &O::backplane, "The same as coherence.backplane.")});
}

CoherenceOptions NearOptions::whole_coherence() const {
  auto whole = coherence;
  if (backplane.is_set()) whole.backplane = backplane;
  return whole;
}

ParameterTable CacheOptions::parameters() {
  using O = CacheOptions;
  return ParameterTable{
      parameter("store", &O::store, "The cache that holds the entries; the only part that has to be given.")
          .required(),
  }
      .add(inherited_parameters<O, Expiry>())
      .add({
          parameter(
              "remember", &O::remember,
              "Computes missing values, once for all concurrent callers: the parameters of RememberCache."),
          parameter("loader", &O::loader,
                    "Makes the values of get_or_load: a component of the program. The same as "
                    "remember.loader; with it the cache computes."),
          parameter("tags", &O::tags, "Gives entries tags: the parameters of TaggedCache."),
          parameter("hooks", &O::hooks, "Hooks that are told about every call, in this order."),
          parameter("metrics", &O::metrics, "Counts and times calls: the parameters of MetricsCache."),
          parameter("near", &O::near,
                    "Keeps copies in memory: the parameters of MemoryCache, and some of TieredCache."),
          parameter("codec", &O::codec,
                    "Compresses and encrypts values: the parameters of CodecCache. Without cache_name, "
                    "values are bound to the name of the cache."),
          parameter("prefix", &O::prefix, "Put in front of every key in the store."),
          parameter("failover", &O::failover,
                    "Keeps working while the store fails: the parameters of FailoverCache."),
      });
}

std::vector<OptionComplaint> CacheOptions::complaints() const {
  auto complaints = Expiry::complaints();
  if (prefix.size() >= ICache::longest_key)
    complaints.push_back({"prefix", "the prefix is as long as a key may be, or longer"});
  if (failover) {
    FailoverCacheOptions whole = *failover;
    whole.over = store;
    add_complaints(complaints, "failover", whole.complaints());
  }
  if (codec) add_complaints(complaints, "codec", complaints_of(*codec, name));
  if (near) add_complaints(complaints, "near", complaints_of(*near));
  if (near && near->coherence.mode != CoherenceMode::none && failover)
    complaints.push_back(
        {"near", "coherence: the second cache of failover tells of no changes; leave one of the two out"});
  if (tags) add_complaints(complaints, "tags", complaints_of(*this, *tags));
  if (remember) add_complaints(complaints, "remember", remember->complaints());
  if (remember && remember->loader.is_set() && loader.is_set())
    complaints.push_back({"loader", "the loader is given twice; leave out remember.loader"});
  return complaints;
}

bool CacheOptions::offers(std::string_view interface_name) const noexcept {
  const auto is = [&](const InterfaceId& other) { return other.name == interface_name; };
  const bool computes = is(IComputingCache::interface_id) || is(IComputingStatistics::interface_id);
  return is(ICache::interface_id) || (computes && (remember || loader.is_set())) ||
         (is(ITaggedCache::interface_id) && tags) || (is(ITieredCache::interface_id) && near) ||
         (is(ICacheMetrics::interface_id) && metrics) || (is(ICodecStatistics::interface_id) && codec) ||
         (is(IFailoverStatistics::interface_id) && failover);
}

}  // namespace cachesite
