#include "doctor_command.hpp"

#include "awaited_key.hpp"
#include "declared.hpp"
#include "doctor_backplane.hpp"
#include "doctor_settings.hpp"
#include "findings.hpp"
#include "times.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace cachesite::tool {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds patience{3'000};
constexpr milliseconds patience_with_proofs{5'000};  // three of them may fail
constexpr int writes = 20;

/// Waits for what a feed says.
class Listener final : public IFeedListener {
 public:
  void on_changed(FeedServer, std::span<const std::string_view> keys) noexcept override {
    for (const auto key : keys)
      awaited.changed(key);
  }
  void on_everything_changed(FeedServer, bool) noexcept override {}
  void on_served(FeedServer) noexcept override {}

  AwaitedKey awaited;
};

/// The part of a cache whose servers say what changes, and its feed.
struct Feed {
  std::shared_ptr<ICache> cache;
  IChangeFeed* feed = nullptr;
};

Feed feed_of(std::shared_ptr<ICache> cache) {
  while (cache) {
    if (auto* const feed = dynamic_cast<IChangeFeed*>(cache.get())) return {cache, feed};
    const auto* const layer = dynamic_cast<const CacheLayer*>(cache.get());
    cache = layer == nullptr ? nullptr : layer->below();
  }
  return {};
}

/// How a cache of a site is declared; null when it is not, or of another class.
template <class Options>
const Options* options_of(const std::vector<DeclaredComponent>& all, const ICache* cache,
                          std::string_view class_name) {
  for (const auto& declared : all)
    if (declared.component_class->name == class_name &&
        dynamic_cast<const ICache*>(declared.component.get()) == cache)
      return options_in<Options>(declared);
  return nullptr;
}

/// What the first tiers on the way down ask for; else the default.
CoherenceOptions coherence_of(const std::vector<DeclaredComponent>& all, const ICache* cache) {
  while (cache != nullptr) {
    if (const auto* const tiers = options_of<TieredCacheOptions>(all, cache, "TieredCache"))
      return tiers->coherence;
    if (const auto* const whole = options_of<CacheOptions>(all, cache, "Cache");
        whole != nullptr && whole->near)
      return whole->near->whole_coherence();
    const auto* const layer = dynamic_cast<const CacheLayer*>(cache);
    cache = layer == nullptr ? nullptr : layer->below().get();
  }
  return {};
}

bool is_settled(const std::vector<ServerReport>& servers) {
  return !servers.empty() && std::all_of(servers.begin(), servers.end(), [](const ServerReport& server) {
    return server.state == "coherent" || server.state == "refused";
  });
}

std::vector<ServerReport> settled_servers(const IFeedWatch& watch) {
  const auto end = Clock::now() + patience_with_proofs;
  for (;;) {
    auto servers = watch.servers();
    if (is_settled(servers) || Clock::now() >= end) return servers;
    std::this_thread::sleep_for(milliseconds(1));
  }
}

/// True when all of them are coherent.
bool tell_servers(const std::string& name, const std::vector<ServerReport>& servers, Findings& findings) {
  bool all = !servers.empty();
  if (servers.empty()) findings.add(name, Verdict::failure, "no server is known");
  for (const auto& server : servers) {
    const bool coherent = server.state == "coherent";
    all = all && coherent;
    const auto what = server.address + " is " + std::string(server.state);
    if (!coherent)
      findings.add(name, Verdict::failure, what + ": " + server.reason);
    else if (!server.proven)
      findings.add(name, Verdict::warning, what + ", " + server.reason);
    else
      findings.add(name, Verdict::ok, what + ", and a write was heard of");
  }
  return all;
}

void try_writes(const std::string& name, ICache& cache, Listener& listener, Findings& findings) {
  std::vector<Clock::duration> times;
  for (int number = 0; number < writes; ++number) {
    const auto key = "__cachesite_doctor__:" + std::to_string(number);
    listener.awaited.await(key);
    const auto stored = cache.write(key, "x", std::chrono::seconds(10));
    const auto acknowledged = Clock::now();
    if (!stored.ok())
      return findings.add(name, Verdict::failure, "a write fails: " + std::string(stored.error().message()));
    if (listener.awaited.heard_within(patience)) times.push_back(Clock::now() - acknowledged);
    (void)cache.remove(key);
  }
  const auto seen = std::to_string(times.size()) + " of " + std::to_string(writes);
  if (times.size() < writes)
    return findings.add(name, Verdict::failure, "only " + seen + " writes were seen");
  findings.add(name, Verdict::ok,
               "a write by another connection was seen in " + times_text(times) + " (" + seen + ")");
}

void try_fence(const std::string& name, IFeedWatch& watch, milliseconds max_staleness, Findings& findings) {
  const auto begin = Clock::now();
  const auto fenced = watch.fence(patience);
  const auto time = Clock::now() - begin;
  if (!fenced.ok()) return findings.add(name, Verdict::failure, std::string(fenced.error().message()));
  const bool slow = time * 4 > max_staleness;
  findings.add(name, slow ? Verdict::warning : Verdict::ok,
               "a fence takes " + milliseconds_text(time) +
                   (slow ? ": max_staleness of " + format_duration(max_staleness) +
                               " is below four times that; raise it"
                         : ""));
}

/// The cache with its server, and how long it is looked at.
struct Examined {
  std::string name;
  Feed found;
  milliseconds max_staleness;
  std::chrono::seconds time;
};

std::string ratio_text(std::uint64_t part, std::uint64_t whole) {
  std::array<char, 32> text{};
  const double percent = whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
  const auto size = std::snprintf(text.data(), text.size(), "%.1f %%", percent);
  return {text.data(), static_cast<std::size_t>(size)};
}

/// Reads some keys again and again through copies, and compares those with the server in the end.
void try_copies(const Examined& examined, Findings& findings) {
  constexpr std::size_t most_keys = 1'000;
  TieredCacheOptions options;
  options.over = Reference<ICache>(examined.found.cache);
  options.near = Reference<ICache>(std::make_shared<MemoryCache>());
  options.coherence.mode = CoherenceMode::tracking;
  options.coherence.max_staleness = examined.max_staleness;
  TieredCache tiers(options);
  std::vector<std::string> keys;
  auto range = examined.found.cache->keys("*");
  for (const auto& key : range) {
    if (keys.size() == most_keys) break;
    keys.push_back(key);
  }
  if (range.error())
    return findings.add(examined.name, Verdict::failure,
                        "its keys cannot be listed: " + std::string(range.error()->message()));
  if (keys.empty()) return findings.add(examined.name, Verdict::warning, "it has no keys to read");
  (void)tiers.fence(patience);
  std::uint64_t failed = 0;
  for (const auto end = Clock::now() + examined.time; Clock::now() < end;) {
    for (const auto& key : keys)
      if (tiers.get(key).failed()) ++failed;
    std::this_thread::sleep_for(milliseconds(1));
  }
  const auto audit = tiers.audit(2 * most_keys, 0);
  const auto statistics = tiers.tier_statistics();
  const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(examined.time.count(), 1));
  const auto near = statistics.near_hits + statistics.near_misses;
  findings.add(examined.name, failed == 0 ? Verdict::ok : Verdict::failure,
               std::to_string(keys.size()) + " keys for " + std::to_string(examined.time.count()) +
                   " s: " + std::to_string(statistics.news_keys / seconds) + " news/s, " +
                   ratio_text(near, near + statistics.far_hits + statistics.far_misses) +
                   " of reads from copies, proven " + std::to_string(tiers.coherence().proven_age.count()) +
                   " ms ago, " + std::to_string(failed) + " reads failed");
  const bool well = audit.different == 0 && audit.failed == 0 && audit.compared != 0;
  findings.add(examined.name, well ? Verdict::ok : Verdict::failure,
               "of " + std::to_string(audit.compared) + " copies " + std::to_string(audit.different) +
                   " differ from the server, and " + std::to_string(audit.failed) + " could not be compared");
}

/// A connection of its own to the servers of a cache; null when it has none that can be asked.
std::shared_ptr<IRedis> connection_of(const ComponentSite& site, const RedisCacheOptions& options) {
  if (options.connection.is_set()) return referenced<IRedis>(site, options.connection.name());
  RedisConnectionComponentOptions own;
  static_cast<RedisConnectionOptions&>(own) = options;
  return std::make_shared<RedisConnection>(std::move(own));
}

void examine_settings(const ComponentSite& site, const Examined& examined, Findings& findings) {
  const auto all = site.declared_components();
  const auto* const options = options_of<RedisCacheOptions>(all, examined.found.cache.get(), "RedisCache");
  if (options == nullptr) return;
  ServerSettings settings(examined.name, findings);
  settings.examine(*options);
  if (const auto redis = connection_of(site, *options)) settings.examine(*redis, examined.max_staleness);
}

void examine(const ComponentSite& site, const Examined& examined, Findings& findings) {
  Listener listener;
  FeedOptions options;
  options.max_staleness = examined.max_staleness;
  const auto watch = examined.found.feed->watch("", options, listener);
  const bool coherent = tell_servers(examined.name, settled_servers(*watch), findings);
  if (coherent) {
    try_writes(examined.name, *examined.found.cache, listener, findings);
    try_fence(examined.name, *watch, examined.max_staleness, findings);
  }
  examine_settings(site, examined, findings);
  if (coherent && examined.time.count() > 0) try_copies(examined, findings);
}

std::string name_of(const DeclaredComponent& declared) {
  return declared.names.empty() ? declared.in_place.substr(0, declared.in_place.find('#'))
                                : declared.names.front().name;
}

/// That of a cache, and the one with the name itself; without a name all.
bool is_asked_for(const ComponentSite& site, const std::optional<std::string>& name,
                  const DeclaredComponent& backplane) {
  if (!name) return true;
  const auto is_named = [&](const std::string& wanted) {
    return backplane.in_place == wanted ||
           std::any_of(backplane.names.begin(), backplane.names.end(),
                       [&](const DeclaredComponent::Name& each) { return each.name == wanted; });
  };
  const auto cache = site.query_component<ICache>(*name);
  if (!cache) return is_named(*name);
  const auto used = coherence_of(site.declared_components(), cache.get()).backplane;
  return used.is_set() && is_named(used.name());
}

bool examine_backplanes(const ComponentSite& site, const std::optional<std::string>& name,
                        Findings& findings) {
  bool found = false;
  for (const auto& declared : site.declared_components()) {
    if (declared.component_class->name != "RedisBackplane" || !is_asked_for(site, name, declared)) continue;
    examine_backplane(site, name_of(declared), declared, findings);
    found = true;
  }
  return found;
}

void examine_caches(const ComponentSite& site, const DoctorArguments& arguments, Findings& findings) {
  std::set<const void*> seen;
  for (const auto& entry : site.entries()) {
    if (entry.interface_name != ICache::interface_name) continue;
    if (arguments.name && entry.name != *arguments.name) continue;
    const auto cache = site.get_component<ICache>(entry.name);
    const auto found = feed_of(cache);
    const auto coherence = coherence_of(site.declared_components(), cache.get());
    if (coherence.mode == CoherenceMode::backplane) {
      if (arguments.name) findings.add(entry.name, Verdict::ok, "its mode needs no news of servers");
    } else if (found.feed == nullptr) {
      if (arguments.name) findings.add(entry.name, Verdict::failure, "no server is asked for its entries");
    } else if (seen.insert(found.feed).second) {
      examine(site, {entry.name, found, coherence.max_staleness, std::chrono::seconds(arguments.seconds)},
              findings);
    }
  }
}

}  // namespace

Exit doctor(const ComponentSite& site, const DoctorArguments& arguments, bool json) {
  Findings findings(json);
  examine_caches(site, arguments, findings);
  const bool found = examine_backplanes(site, arguments.name, findings);
  if (arguments.name && !found)
    (void)site.get_component<ICache>(*arguments.name);  // which says what there is when it is not there
  return findings.finish();
}

}  // namespace cachesite::tool
