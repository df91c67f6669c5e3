// More operations of a cache: counters, conditional writes, batches, keys, changed TTLs.

#include <cachesite/cachesite.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

using namespace std::chrono_literals;

int main() {
  const auto site = cachesite::load_component_site_from_text(R"(
- class: MemoryCache
  entries: [{interface: ICache, name: shop}]
  ttl_jitter: 0.1
)",
                                                             cachesite::Format::yaml);
  const auto cache = site->get_component<cachesite::ICache>("shop");

  const auto visits = cache->increment("visits:today", 1, 24h);  // a new counter begins at 0
  if (visits.ok()) std::printf("visit number %lld\n", static_cast<long long>(visits.value()));
  cache->set_value("greeting", "hello", 1h);
  if (const auto refused = cache->increment("greeting", 1, 24h); !refused.ok())
    std::printf("%s\n", std::string(refused.error().message()).c_str());

  const bool first = cache->add("job:17", "worker 3", 30s).value_or(false);  // one caller gets true
  const bool second = cache->add("job:17", "worker 5", 30s).value_or(false);
  std::printf("worker 3 %s, worker 5 %s\n", first ? "has the job" : "is late",
              second ? "has the job" : "is late");

  cache->set_many({{"user:42", "Ada", 30min}, {"user:43", "Grace", 30min}, {"user:44", std::nullopt, 5min}});
  const auto found = cache->get_many({"user:43", "user:45", "user:42"});  // one round trip
  for (const auto& lookup : found)
    std::printf("%s\n", lookup.hit() ? std::string(lookup.value().text()).c_str() : "nobody");

  auto keys = cache->keys("user:*");  // fetched a batch at a time while the loop runs
  std::vector<std::string> users;
  for (const std::string& key : keys)
    users.push_back(key);
  if (keys.error()) std::printf("the walk ended early\n");
  std::printf("%zu users\n", users.size());
  std::printf("%d removed\n", static_cast<int>(cache->remove_matching("user:*").value_or(0)));

  const auto report = cachesite::bind(cache, "report");  // the key is written once
  report.set_value("done", 10min);
  const bool longer = report.expire(1h).value_or(false);
  const bool for_good = report.persist().value_or(false);  // stays until it is removed or evicted
  const bool until_night = report.expire_at(std::chrono::system_clock::now() + 12h).value_or(false);
  if (longer && for_good && until_night)
    std::printf("%s was given three ends\n", std::string(report.key()).c_str());
  const auto left = report.time_to_live();
  if (left.ok())
    std::printf("the report lives for %lld more hours\n",
                static_cast<long long>((left.value().left + 30min) / 1h));

  if (cache->clear().ok()) std::printf("%d entries\n", static_cast<int>(cache->size().value_or(0)));
}
