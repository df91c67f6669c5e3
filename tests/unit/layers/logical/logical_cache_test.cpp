#include "support/fake_clock.hpp"
#include "support/faulty_cache.hpp"

#include <cachesite/logical_cache.hpp>
#include <cachesite/memory_cache.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

class Store final : public CacheLayer {
 public:
  Store() : CacheLayer(std::make_shared<MemoryCache>()) {}
  [[nodiscard]] Health health() const override { return present; }
  Health present;
};

class HookOfLabels final : public ICacheHook {
 public:
  void before(const CacheCall& call) override { labels.emplace_back(call.cache); }
  void after(const CacheCall&, const CacheCallResult&, std::chrono::nanoseconds) override {}
  void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override {}
  std::vector<std::string> labels;
};

CacheOptions over(std::shared_ptr<ICache> store) {
  CacheOptions options;
  options.name = "products";
  options.store = std::move(store);
  return options;
}

CacheOptions with_everything(std::shared_ptr<ICache> store) {
  auto options = over(std::move(store));
  options.ttl = 10min;
  options.remember.emplace();
  options.tags.emplace();
  options.hooks.emplace_back(std::make_shared<HookOfLabels>());
  options.metrics.emplace();
  options.near.emplace();
  options.codec.emplace().compression = Compression::zstd;
  options.prefix = "shop:";
  options.failover.emplace();
  return options;
}

std::string order_of(const LogicalCache& cache) {
  std::string text;
  for (const auto& part : cache.parts())
    text.append(text.empty() ? "" : " ").append(part.name).append(":").append(part.class_name);
  return text;
}

std::string refusal_of(const CacheOptions& options) {
  try {
    (void)make_cache(options);
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(logical_cache)

BOOST_AUTO_TEST_CASE(the_parts_stand_in_the_right_order) {
  BOOST_TEST(order_of(*make_cache(with_everything(std::make_shared<MemoryCache>()))) ==
             "remember:RememberCache tags:TaggedCache hooks:HookedCache metrics:MetricsCache "
             "near:TieredCache near:MemoryCache ttl:ExpiryCache codec:CodecCache prefix:PrefixCache "
             "failover:FailoverCache");
}

BOOST_AUTO_TEST_CASE(a_store_alone_is_a_cache_without_parts) {
  const auto memory = std::make_shared<MemoryCache>();
  const auto cache = make_cache(over(memory));
  BOOST_TEST(cache->parts().empty());
  BOOST_TEST(cache->set_value("k", "1", 1min));
  BOOST_TEST(memory->get("k").hit());
  BOOST_TEST(!cache->set_value("k", "1"));
  cache->stop();
  BOOST_TEST((cache->get("k").error().code() == ErrorCode::closed));
  BOOST_TEST(memory->get("k").hit());
}

BOOST_AUTO_TEST_CASE(the_store_has_prefixed_keys_and_encoded_values_and_the_copies_have_neither) {
  const auto memory = std::make_shared<MemoryCache>();
  const auto cache = make_cache(with_everything(memory));
  BOOST_TEST(cache->set_value("7", "tea"));
  BOOST_REQUIRE(memory->get("shop:7").hit());
  BOOST_TEST(memory->get("shop:7").value().text() != "tea");
  const auto copies = std::find_if(cache->parts().begin(), cache->parts().end(),
                                   [](const auto& part) { return part.class_name == "MemoryCache"; });
  BOOST_REQUIRE((copies != cache->parts().end()));
  BOOST_TEST(copies->cache->get("7").value().text() == "tea");
}

BOOST_AUTO_TEST_CASE(an_eviction_ends_the_copies_of_its_entries_at_once) {
  const auto cache = make_cache(with_everything(std::make_shared<MemoryCache>()));
  const auto tagged = find_interface<ITaggedCache>(cache);
  BOOST_TEST(tagged->write_tagged("7", "tea", {"products"}).ok());
  BOOST_TEST(cache->get("7").hit());
  BOOST_TEST(tagged->evict_tags({"products"}).ok());
  BOOST_TEST(cache->get("7").miss());
}

BOOST_AUTO_TEST_CASE(an_eviction_outdates_what_is_being_computed) {
  const auto cache = make_cache(with_everything(std::make_shared<MemoryCache>()));
  const auto tagged = find_interface<ITaggedCache>(cache);
  Computation computation;
  computation.tags = {"products"};
  computation.factory = [&]() -> Result<Computed> {
    BOOST_TEST(tagged->evict_tags({"products"}).ok());
    return Computed{"old", {}};
  };
  const auto computed = find_interface<IComputingCache>(cache)->remember("7", 1min, computation);
  BOOST_TEST(computed.value().text() == "old");
  BOOST_TEST(cache->get("7").miss());
}

BOOST_AUTO_TEST_CASE(without_its_store_it_is_degraded_where_a_part_helps_and_down_elsewhere) {
  const auto store = std::make_shared<Store>();
  store->present = {HealthState::down, "no connection"};
  const auto state_with = [&](auto&& change) {
    auto options = over(store);
    change(options);
    return make_cache(options)->health();
  };
  BOOST_TEST((state_with([](auto&) {}).state == HealthState::down));
  BOOST_TEST((state_with([](auto& options) { options.tags.emplace(); }).state == HealthState::down));
  for (const auto& health : {state_with([](auto& options) { options.near.emplace(); }),
                             state_with([](auto& options) { options.remember.emplace(); }),
                             state_with([](auto& options) { options.failover.emplace(); })}) {
    BOOST_TEST((health.state == HealthState::degraded));
    BOOST_TEST(health.reason.find("no connection") != std::string::npos, health.reason);
  }
  auto options = over(store);
  options.near.emplace();
  const auto cache = make_cache(options);
  cache->stop();
  BOOST_TEST((cache->health().state == HealthState::down));
}

BOOST_AUTO_TEST_CASE(hooks_are_told_the_name_of_the_cache) {
  auto options = over(std::make_shared<MemoryCache>());
  const auto hook = std::make_shared<HookOfLabels>();
  options.hooks.emplace_back(hook);
  (void)make_cache(options)->get("7");
  BOOST_REQUIRE(hook->labels.size() == 1U);
  BOOST_TEST(hook->labels.front() == "Cache \"products\"");
}

BOOST_AUTO_TEST_CASE(encryption_binds_values_to_the_name_of_the_cache) {
  const auto memory = std::make_shared<MemoryCache>();
  auto options = over(memory);
  auto& codec = options.codec.emplace();
  codec.encryption = Encryption::aes_256_gcm;
  codec.keys = {Secret("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")};
  BOOST_TEST(make_cache(options)->set_value("7", "tea", 1min));
  BOOST_TEST(make_cache(options)->get("7").value().text() == "tea");
  options.name = "prices";
  BOOST_TEST(make_cache(options)->get("7").miss());
  options.codec->cache_name = "products";
  BOOST_TEST(make_cache(options)->get("7").hit());
  options.codec->cache_name.clear();
  options.name.clear();
  BOOST_TEST(refusal_of(options).find("cache_name") != std::string::npos, refusal_of(options));
}

BOOST_AUTO_TEST_CASE(what_a_part_complains_about_is_told_with_its_path) {
  BOOST_TEST(refusal_of(CacheOptions()) == "a Cache needs a store: store is not set");
  auto options = over(std::make_shared<MemoryCache>());
  options.codec.emplace().level = 3;
  BOOST_TEST(refusal_of(options) == "Cache: codec.level: there is no level without a compression");
  options = with_everything(std::make_shared<MemoryCache>());
  options.near->ttl = 0ms;
  options.remember->lease = 1ms;
  options.tags->form = TagForm::spakky;
  options.max_ttl = 1min;
  std::string parameters;
  for (const auto& complaint : options.complaints())
    parameters.append(parameters.empty() ? "" : " ").append(complaint.parameter);
  BOOST_TEST(parameters == "ttl near.ttl tags.connection tags.form remember.lease");
}

BOOST_AUTO_TEST_CASE(what_its_store_offers_is_passed_on_through_parts_that_only_look_or_name) {
  const auto memory = std::make_shared<MemoryCache>();
  auto inner = over(memory);
  inner.remember.emplace();
  inner.tags.emplace();
  auto outer = over(make_cache(std::move(inner)));
  outer.prefix = "p:";
  outer.ttl = 1min;
  outer.metrics.emplace();
  const auto cache = make_cache(outer);
  auto* const computing = find_interface<IComputingCache>(*cache);
  auto* const tagged = find_interface<ITaggedCache>(*cache);
  BOOST_REQUIRE(computing != nullptr);
  BOOST_REQUIRE(tagged != nullptr);
  BOOST_TEST(computing->remember("k", [] { return "computed"; }).value().text() == "computed");
  BOOST_TEST(cache->get("k").value().text() == "computed");
  BOOST_TEST((cache->time_to_live("k").value().left <= 1min));
  BOOST_TEST(memory->contains("p:k").value());
  BOOST_TEST(tagged->write_tagged("t", "tea", {"drinks"}).ok());
  BOOST_TEST(tagged->evict_tags({"drinks"}).ok());
  BOOST_TEST(cache->get("t").miss());
  cache->stop();
  BOOST_TEST((computing->remember("k", [] { return "more"; }).error().code() == ErrorCode::closed));

  outer.near.emplace();
  const auto hiding = make_cache(outer);
  BOOST_TEST(find_interface<IComputingCache>(*hiding) == nullptr);
  BOOST_TEST(find_interface<ITaggedCache>(*hiding) == nullptr);
  outer.remember.emplace();
  const auto own = make_cache(outer);
  BOOST_REQUIRE(find_interface<IComputingCache>(*own) != nullptr);
  BOOST_TEST(find_interface<IComputingCache>(*own)->remember("own", [] { return "o"; }).hit());
}

BOOST_AUTO_TEST_SUITE_END()
