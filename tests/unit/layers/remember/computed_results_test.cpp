// What a factory, a rule or the cache may say about a result beyond its value.

#include "unit/layers/remember/computing_world.hpp"

#include <cachesite/remember.hpp>
#include <cachesite/typed_cache.hpp>

#include <chrono>
#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::ComputingWorld;

namespace {

RememberRule rule(std::string match) {
  RememberRule made;
  made.match = std::move(match);
  return made;
}

std::chrono::milliseconds life(ComputingWorld& world, std::string_view key) {
  return world.cache->time_to_live(key).value().left;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(computed_results)

BOOST_AUTO_TEST_CASE(the_ttl_is_that_of_the_factory_else_of_the_rule_else_of_the_call) {
  ComputingWorld world([](auto& options) {
    options.rules = {rule("page:*"), rule("p*")};
    options.rules[0].ttl = 10min;
    options.rules[1].ttl = 20min;
  });
  BOOST_TEST(world.give("v", "other").hit());
  BOOST_TEST(world.give("v", "page:1").hit());
  BOOST_TEST(world.give("v", "p1").hit());
  BOOST_TEST(world.cache->remember("page:2", 1min, [] { return Computed{"v", TimeToLive(7s)}; }).hit());
  BOOST_TEST((life(world, "other") == 1min));
  BOOST_TEST((life(world, "page:1") == 10min));
  BOOST_TEST((life(world, "p1") == 20min));
  BOOST_TEST((life(world, "page:2") == 7s));
}

BOOST_AUTO_TEST_CASE(a_rule_gives_a_ttl_to_calls_without_one) {
  ComputingWorld world([](auto& options) {
    options.rules = {rule("page:*")};
    options.rules[0].ttl = 10min;
  });
  BOOST_TEST(world.cache->remember("page:1", [] { return "v"; }).hit());
  BOOST_TEST((life(world, "page:1") == 10min));
  BOOST_TEST(world.cache->remember("other", [] { return "v"; }).failed());
}

BOOST_AUTO_TEST_CASE(a_result_that_is_not_to_be_stored_is_returned_only) {
  ComputingWorld world([](auto&) {});
  const auto passing = [] {
    Computed made;
    made.value = "v";
    made.store = false;
    return made;
  };
  BOOST_TEST(world.cache->remember("k", 1min, passing).value().text() == "v");
  BOOST_TEST(world.cache->get("k").miss());
  BOOST_TEST(world.below->writes == 0);
  MemoryCache plain;
  BOOST_TEST(remember(plain, "k", 1min, passing).hit());
  BOOST_TEST(plain.get("k").miss());
}

BOOST_AUTO_TEST_CASE(a_typed_factory_says_the_same_by_a_computed_value) {
  ComputingWorld world([](auto&) {});
  const TypedCache<std::string, TextSerializer> texts(world.cache);
  const auto with_life = [] { return ComputedValue<std::string>{"v", TimeToLive(7s)}; };
  BOOST_TEST(remember(texts, "a", 1min, with_life).value() == "v");
  BOOST_TEST((life(world, "a") == 7s));
  const auto passing = []() -> Result<ComputedValue<std::string>> {
    ComputedValue<std::string> made{"v", {}};
    made.store = false;
    return made;
  };
  BOOST_TEST(remember(texts, "b", 1min, passing).value() == "v");
  BOOST_TEST(world.cache->get("b").miss());
}

BOOST_AUTO_TEST_CASE(a_factory_learns_why_and_for_which_key_it_is_called) {
  ComputingWorld world([](auto& options) { options.stale.keep = 1h; });
  std::string seen;
  const auto factory = [&](const ComputeContext& context) {
    seen = std::string(context.key) + (context.trigger == Trigger::miss    ? " miss"
                                       : context.trigger == Trigger::stale ? " stale"
                                                                           : " forced");
    if (context.stale != nullptr)
      seen.append(" ").append(context.stale->text()).append(" ").append(std::to_string(context.age.count()));
    return "v";
  };
  BOOST_TEST(world.cache->remember("k", 1min, factory).hit());
  BOOST_TEST(seen == "k miss");
  world.clock->advance(61s);
  BOOST_TEST(world.cache->remember("k", 1min, factory).hit());
  BOOST_TEST(seen == "k stale v 1000");
  Computation forced;
  forced.contextual = [&](const ComputeContext& context) -> Result<Computed> {
    return Computed{factory(context), {}};
  };
  forced.refresh = true;
  BOOST_TEST(world.cache->remember("k", 1min, forced).hit());
  BOOST_TEST(seen == "k forced");
}

BOOST_AUTO_TEST_CASE(the_failure_of_a_factory_is_remembered_for_error_ttl) {
  ComputingWorld world([](auto& options) {
    options.error_ttl = 5s;
    options.rules = {rule("now:*")};
    options.rules[0].error_ttl = 0ms;
  });
  for (int call = 0; call < 3; ++call)
    BOOST_TEST(world.fail().error().message() == "the source is away");
  BOOST_TEST(world.runs == 1);
  BOOST_TEST(world.statistics().errors_remembered == 2U);
  world.clock->advance(5s);
  BOOST_TEST(world.give("v").hit());
  BOOST_TEST(world.runs == 2);
  BOOST_TEST(world.fail("now:1").failed());
  BOOST_TEST(world.give("v", "now:1").hit());
}

BOOST_AUTO_TEST_CASE(a_value_ends_the_memory_of_a_failure) {
  ComputingWorld world([](auto& options) { options.error_ttl = 1h; });
  BOOST_TEST(world.fail().failed());
  Computation forced;
  forced.factory = []() -> Result<Computed> { return Computed{"v", {}}; };
  forced.refresh = true;
  BOOST_TEST(world.cache->remember("k", 1min, forced).hit());
  BOOST_TEST(world.cache->remove("k").value());
  BOOST_TEST(world.give("w").value().text() == "w");
}

BOOST_AUTO_TEST_CASE(a_null_is_never_stored_over_a_value_that_came_meanwhile) {
  ComputingWorld world([](auto&) {});
  const auto found = world.cache->remember("k", 1min, [&] {
    BOOST_TEST(world.store->write("k", "theirs", 1min).ok());  // as another process does
    return std::nullopt;
  });
  BOOST_TEST(found.null());
  BOOST_TEST(world.cache->get("k").value().text() == "theirs");
}

BOOST_AUTO_TEST_CASE(negative_ttl_may_depend_on_the_key) {
  ComputingWorld world([](auto& options) {
    options.negative_ttl = 3s;
    options.rules = {rule("page:*"), rule("none:*")};
    options.rules[0].negative_ttl = 2s;
    options.rules[1].negative_ttl = 0s;
  });
  for (const auto* const key : {"other", "page:1", "none:1"})
    BOOST_TEST(world.cache->remember(key, 1min, [] { return std::nullopt; }).null());
  BOOST_TEST((life(world, "other") == 3s));
  BOOST_TEST((life(world, "page:1") == 2s));
  BOOST_TEST(world.cache->get("none:1").miss());
}

BOOST_AUTO_TEST_CASE(wrong_settings_are_refused_with_their_names) {
  const auto refused = [](const std::function<void(RememberCacheOptions&)>& change) {
    RememberCacheOptions options;
    change(options);
    return options.complaints().size();
  };
  BOOST_TEST(refused([](auto&) {}) == 0U);
  BOOST_TEST(refused([](auto& options) { options.factory_hard = 1ms; }) == 1U);
  BOOST_TEST(refused([](auto& options) { options.factory_soft = -1ms; }) == 1U);
  BOOST_TEST(refused([](auto& options) { options.error_ttl = 2h; }) == 1U);
  BOOST_TEST(refused([](auto& options) { options.stale.keep = -1s; }) == 1U);
  BOOST_TEST(refused([](auto& options) { options.stale.longest_throttle = 1ms; }) == 1U);
  BOOST_TEST(refused([](auto& options) { options.most_waiting = 0; }) == 1U);
  BOOST_TEST(refused([](auto& options) { options.rules.resize(65); }) == 1U);
  BOOST_TEST(refused([](auto& options) {
               options.rules = {rule("*")};
               options.rules[0].ttl = 0ms;
               options.rules[0].negative_ttl = -1ms;
               options.rules[0].stale = -1ms;
               options.rules[0].error_ttl = -1ms;
             }) == 4U);
}

BOOST_AUTO_TEST_SUITE_END()
