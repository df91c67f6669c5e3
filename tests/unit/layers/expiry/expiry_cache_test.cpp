#include "support/fake_clock.hpp"

#include <cachesite/bound_cache.hpp>
#include <cachesite/expiry_cache.hpp>
#include <cachesite/json_serializer.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/tiered_cache.hpp>
#include <cachesite/typed_cache.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  Fixture() {
    context.clock = clock;
    memory = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
    options.over = memory;
    options.ttl = 10min;
  }

  [[nodiscard]] std::shared_ptr<ExpiryCache> cache() const {
    return std::make_shared<ExpiryCache>(options, context);
  }
  // What is left of an entry in the memory below; 0 when it never ends, -1 when there is none.
  [[nodiscard]] std::chrono::milliseconds left(std::string_view key) const {
    const auto remaining = memory->time_to_live(key).value_or(Remaining{});
    return remaining.state == Remaining::State::absent ? -1ms : remaining.left;
  }

  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  ComponentContext context;
  std::shared_ptr<MemoryCache> memory;
  ExpiryCacheOptions options;
};

template <class Layer>
std::shared_ptr<Layer> over(std::shared_ptr<ICache> below, const ComponentContext& context) {
  typename Layer::Options options;
  options.over = std::move(below);
  return std::make_shared<Layer>(options, context);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(expiry_cache, Fixture)

BOOST_AUTO_TEST_CASE(of_the_rules_the_first_that_matches_counts_and_the_ttl_for_all_other_keys) {
  options.rules = {{"price:*", 1min}, {"price:7", 2min}, {"p?ge", 3min}};
  const auto site = cache();
  for (const auto* const key : {"price:7", "page", "other"})
    BOOST_TEST(site->set_value(key, "1"));
  BOOST_TEST((left("price:7") == 1min));
  BOOST_TEST((left("page") == 3min));
  BOOST_TEST((left("other") == 10min));
}

BOOST_AUTO_TEST_CASE(a_rule_does_without_a_ttl_for_all_other_keys) {
  options.ttl.reset();
  options.rules = {{"price:*", 1min}};
  BOOST_TEST(cache()->set_value("price:7", "1"));
  const auto refused = cache()->write("other", "1");
  BOOST_REQUIRE(!refused.ok());
  BOOST_TEST((refused.error().code() == ErrorCode::bad_argument));
  BOOST_TEST(refused.error().message() ==
             "no TTL is given, and the cache has none for this key: give one with the call, or `ttl` where "
             "the cache is declared");
  BOOST_TEST((left("other") == -1ms));
}

BOOST_AUTO_TEST_CASE(a_call_that_gives_a_ttl_keeps_it) {
  options.rules = {{"price:*", 1min}};
  const auto given = cache();
  BOOST_TEST(given->set_value("price:7", "1", 5h));
  BOOST_TEST(given->write("for ever", "1", TimeToLive::never_expires()).ok());
  BOOST_TEST((left("price:7") == 5h));
  BOOST_TEST((left("for ever") == 0ms));
}

BOOST_AUTO_TEST_CASE(no_entry_lives_longer_than_max_ttl) {
  options.max_ttl = 1h;
  const auto limited = cache();
  BOOST_TEST(limited->set_value("long", "1", 5h));
  BOOST_TEST(limited->set_value("short", "1", 5min));
  BOOST_TEST(limited->write("for ever", "1", TimeToLive::never_expires()).ok());
  BOOST_TEST(limited->add("added", "1", 5h).value());
  BOOST_TEST(limited->increment("counter", 1, 5h).value() == 1);
  for (const auto& stored : limited->set_many({{"first", "1", 5h}, {"second", "1", 5min}}))
    BOOST_TEST(stored.ok());
  for (const auto* const key : {"long", "for ever", "added", "counter", "first"})
    BOOST_TEST((left(key) == 1h), key);
  for (const auto* const key : {"short", "second"})
    BOOST_TEST((left(key) == 5min), key);
  BOOST_TEST(limited->expire("short", 7h).value());
  BOOST_TEST(limited->persist("second").value());
  for (const auto* const key : {"short", "second"})
    BOOST_TEST((left(key) == 1h), key);
  BOOST_TEST(!limited->persist("nobody").value());
}

BOOST_AUTO_TEST_CASE(a_ttl_out_of_range_is_refused_whatever_the_cache_is_set_to) {
  options.max_ttl = 1h;
  BOOST_TEST(!cache()->set_value("k", "1", -1ms));
  BOOST_TEST(!cache()->set_value("k", "1", std::chrono::hours(24 * 365 * 11)));
  BOOST_TEST((left("k") == -1ms));
}

BOOST_AUTO_TEST_CASE(the_rules_of_layers_add_up_through_a_prefix) {
  options.rules = {{"shop:price:*", 1min}};
  const auto view = prefixed(cache(), "shop:");
  BOOST_TEST(view->set_value("price:7", "1"));
  BOOST_TEST((left("shop:price:7") == 1min));
  BOOST_TEST((view->effective_time_to_live("other", TimeToLive::unspecified()) == TimeToLive(10min)));
}

BOOST_AUTO_TEST_CASE(every_kind_of_call_that_stores_may_leave_the_ttl_out) {
  const auto site = cache();
  TypedCache<std::string, JsonSerializer> typed(site);
  BOOST_TEST(typed.set_value("typed", "1"));
  BOOST_TEST(typed.write("typed write", "1").ok());
  BOOST_TEST(typed.write_null("typed null").ok());
  BOOST_TEST(typed.add("typed add", "1").value());
  BOOST_TEST(typed.replace("typed add", "2").value());
  for (const auto& stored : typed.set_many({{"typed many", "1"}}))
    BOOST_TEST(stored.ok());
  const auto bound = bind(std::shared_ptr<ICache>(site), "bound");
  BOOST_TEST(bound.set_value("1"));
  BOOST_TEST(bound.increment(1).value() == 2);
  const auto policy = over<WritePolicyCache>(site, context);
  BOOST_TEST(policy->write_through("through", "1", [](auto, auto) { return Done{}; }).ok());
  BOOST_TEST(policy->write_behind("behind", "1", [](auto, auto) { return Done{}; }).ok());
  for (const auto* const key :
       {"typed", "typed write", "typed null", "typed add", "typed many", "bound", "through", "behind"})
    BOOST_TEST((left(key) == 10min), key);
}

BOOST_AUTO_TEST_CASE(tags_and_computations_live_as_long_as_the_cache_below_says) {
  options.rules = {{"price:*", 1min}};
  const auto tagged = over<TaggedCache>(cache(), context);
  BOOST_TEST(tagged->write_tagged("price:7", "1", {"prices"}).ok());
  BOOST_TEST((left("price:7") == 1min));
  BOOST_TEST((left("__tag_marker__:prices") == 2min));
  const auto computing = over<RememberCache>(tagged, context);
  BOOST_TEST(computing->remember("price:8", [] { return "1"; }).hit());
  BOOST_TEST(computing->remember("price:9", [] { return std::optional<std::string>(); }).null());
  BOOST_TEST((left("price:8") == 1min));
  BOOST_TEST((left("price:9") == 5s));
  const auto without = over<RememberCache>(memory, context);
  const auto refused = without->remember("other", [] { return "1"; });
  BOOST_REQUIRE(refused.failed());
  BOOST_TEST((refused.error().code() == ErrorCode::bad_argument));
}

BOOST_AUTO_TEST_CASE(a_copy_ends_with_its_entry) {
  options.max_ttl = 10s;
  options.ttl = 5s;
  TieredCacheOptions tiers;
  tiers.over = cache();
  tiers.near = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
  TieredCache tiered(tiers, context);
  BOOST_TEST(tiered.set_value("usual", "1"));
  BOOST_TEST(tiered.set_value("limited", "1", 1h));
  BOOST_TEST(tiered.set_many({{"batch", "1"}}).front().ok());
  clock->advance(5s + 1ms);
  BOOST_TEST(tiered.get("usual").miss());
  BOOST_TEST(tiered.get("batch").miss());
  BOOST_TEST(tiered.get("limited").hit());
  clock->advance(5s);
  BOOST_TEST(tiered.get("limited").miss());
}

BOOST_AUTO_TEST_CASE(settings_that_contradict_each_other_are_refused) {
  options.max_ttl = 5min;
  BOOST_CHECK_EXCEPTION((void)cache(), std::invalid_argument, [](const auto& refused) {
    return std::string(refused.what()) == "ExpiryCache: ttl: this is longer than max_ttl";
  });
  options.ttl.reset();
  options.rules = {{"*", 0ms}};
  BOOST_TEST(options.complaints().size() == 1U);
  options.over = Reference<ICache>();
  options.rules.clear();
  BOOST_CHECK_THROW((void)cache(), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(after_stop_every_call_fails_though_the_cache_below_works) {
  const auto stopped = cache();
  stopped->stop();
  BOOST_TEST(!stopped->set_value("k", "1"));
  BOOST_TEST((stopped->get("k").error().code() == ErrorCode::closed));
  BOOST_TEST(memory->set_value("k", "1", 1min));
}

BOOST_AUTO_TEST_SUITE_END()
