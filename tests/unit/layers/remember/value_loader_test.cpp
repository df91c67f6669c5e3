// Values that a component of the program makes, whoever asks.

#include "support/wait_until.hpp"
#include "unit/layers/remember/computing_world.hpp"

#include <cachesite/async_remember.hpp>
#include <cachesite/cachesite.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::ComputingWorld;

BOOST_AUTO_TEST_SUITE(value_loader)

namespace {

class Counting final : public IValueLoader {
 public:
  using provides = Provides<IValueLoader>;

  Result<Computed> load(const ComputeContext& context) override {
    ++loads;
    if (fails) return Error(ErrorCode::unreachable, "the source is away");
    return Computed{"loaded " + std::string(context.key), time_to_live};
  }

  std::atomic<int> loads{0};
  std::atomic<bool> fails{false};
  std::optional<TimeToLive> time_to_live;
};

// Whose batches end with an exception after their first value.
class Throwing final : public IValueLoader {
 public:
  using provides = Provides<IValueLoader>;

  Result<Computed> load(const ComputeContext&) override { return Computed{std::string("loaded")}; }
  void load_many(std::span<const std::string_view>, std::span<Result<Computed>> made) override {
    made[0] = Computed{std::string("loaded")};
    throw std::runtime_error("the source went away");
  }
};

struct LoadedWorld : ComputingWorld {
  explicit LoadedWorld(const std::function<void(RememberCacheOptions&)>& change = [](auto&) {})
      : LoadedWorld(std::make_shared<Counting>(), change) {}
  LoadedWorld(const std::shared_ptr<Counting>& with, const std::function<void(RememberCacheOptions&)>& change)
      : ComputingWorld([&](auto& options) {
          options.loader = Reference<IValueLoader>(with);
          options.rules.resize(1);
          options.rules[0].match = "p:*";
          options.rules[0].ttl = 1min;
          change(options);
        }),
        loader(with) {}

  std::shared_ptr<Counting> loader;
};

LoadOptions with_loader() {
  LoadOptions options;
  options.catalog.add<Counting>("Counting");
  return options;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_missing_value_is_loaded_once_and_stored_with_the_ttl_of_its_rule) {
  LoadedWorld world;
  BOOST_TEST(world.cache->get_or_load("p:1").value().text() == "loaded p:1");
  BOOST_TEST(world.cache->get_or_load("p:1").hit());
  BOOST_TEST(world.loader->loads == 1);
  BOOST_TEST(world.cache->time_to_live("p:1").value().left.count() == 60'000);
}

BOOST_AUTO_TEST_CASE(without_any_ttl_nothing_is_kept_for_ever) {
  LoadedWorld world;
  const auto found = world.cache->get_or_load("other");
  BOOST_REQUIRE(found.failed());
  BOOST_TEST(found.error().message().find("ttl") != std::string::npos);
  world.loader->time_to_live = 5s;
  BOOST_TEST(world.cache->get_or_load("other").hit());
  BOOST_TEST(world.cache->time_to_live("other").value().left.count() == 5'000);
}

BOOST_AUTO_TEST_CASE(many_values_are_loaded_together) {
  LoadedWorld world;
  (void)world.cache->get_or_load("p:1");
  const std::vector<std::string_view> keys{"p:1", "p:2", "other", "p:2"};
  std::vector<Lookup> found(keys.size());
  world.cache->get_or_load_many(keys, found);
  BOOST_TEST(found[0].value().text() == "loaded p:1");
  BOOST_TEST(found[1].value().text() == "loaded p:2");
  BOOST_TEST(found[2].failed());  // it has no TTL
  BOOST_TEST(found[3].value().text() == "loaded p:2");
  BOOST_TEST(world.loader->loads == 3);
}

BOOST_AUTO_TEST_CASE(what_a_batch_made_before_it_threw_needs_a_ttl_too) {
  const ComputingWorld world(
      [](auto& options) { options.loader = Reference<IValueLoader>(std::make_shared<Throwing>()); });
  std::vector<Lookup> found(2);
  world.cache->get_or_load_many(std::vector<std::string_view>{"first", "second"}, found);
  BOOST_REQUIRE(found[0].failed());
  BOOST_TEST((found[0].error().code() == ErrorCode::bad_argument));
  BOOST_REQUIRE(found[1].failed());
  BOOST_TEST(found[1].error().message().find("the source went away") != std::string::npos);
  BOOST_TEST(world.cache->get("first").miss());
}

BOOST_AUTO_TEST_CASE(a_cache_without_a_loader_says_so) {
  ComputingWorld world([](auto&) {});
  BOOST_TEST((world.cache->get_or_load("k").error().code() == ErrorCode::unsupported));
  std::vector<Lookup> found(1);
  world.cache->get_or_load_many(std::vector<std::string_view>{"k"}, found);
  BOOST_TEST((found[0].error().code() == ErrorCode::unsupported));
  BOOST_TEST((world.cache->get_or_load("").error().code() == ErrorCode::bad_argument));
}

BOOST_AUTO_TEST_CASE(values_of_any_factory_are_refreshed_behind_their_readers) {
  LoadedWorld world([](auto& options) { options.refresh.mode = RefreshMode::eager; });
  BOOST_TEST(world.give("of the factory", "p:1").hit());
  world.clock->advance(50s);
  BOOST_TEST(world.give("unused", "p:1").value().text() == "of the factory");
  BOOST_TEST(test::wait_until([&] { return world.cache->get("p:1").value().text() == "loaded p:1"; }));
  BOOST_TEST(world.runs == 1);
  BOOST_TEST(world.loader->loads == 1);
}

BOOST_AUTO_TEST_CASE(a_batch_has_values_refreshed_too) {
  LoadedWorld world([](auto& options) { options.refresh.mode = RefreshMode::eager; });
  BOOST_TEST(world.cache->get_or_load("p:1").hit());
  world.clock->advance(50s);
  std::vector<Lookup> found(1);
  world.cache->get_or_load_many(std::vector<std::string_view>{"p:1"}, found);
  BOOST_TEST(found[0].hit());
  BOOST_TEST(test::wait_until([&] { return world.loader->loads == 2; }));
}

BOOST_AUTO_TEST_CASE(what_a_batch_has_refreshed_needs_a_ttl_too) {
  LoadedWorld world([](auto& options) { options.refresh.mode = RefreshMode::eager; });
  const std::vector<std::string_view> keys{"other"};
  std::vector<Lookup> found(1);
  world.loader->time_to_live = 1min;
  world.cache->get_or_load_many(keys, found);
  BOOST_TEST(found[0].hit());
  world.clock->advance(50s);
  world.loader->time_to_live.reset();
  world.cache->get_or_load_many(keys, found);
  BOOST_TEST(found[0].hit());
  BOOST_TEST(test::wait_until([&] { return world.statistics().failures == 1U; }));
  BOOST_TEST(world.loader->loads == 2);
  BOOST_TEST(world.cache->time_to_live("other").value().left.count() == 10'000);
}

BOOST_AUTO_TEST_CASE(stale_values_stand_in_for_a_loader_that_fails) {
  LoadedWorld world([](auto& options) { options.stale.keep = 1h; });
  (void)world.cache->get_or_load("p:1");
  world.clock->advance(61s);
  world.loader->fails = true;
  BOOST_TEST(world.cache->get_or_load("p:1").stale());
}

BOOST_AUTO_TEST_CASE(a_file_names_the_loader) {
  for (const std::string where : {"loader: source", "remember: {loader: source}"}) {
    const auto site = load_component_site_from_text(
        "- {class: Counting, entries: [{interface: IValueLoader, name: source}]}\n"
        "- {class: Cache, name: c, ttl: 1m, store: {class: MemoryCache}, " +
            where + "}",
        Format::yaml, with_loader());
    BOOST_TEST(site->get_component<IComputingCache>("c")->get_or_load("k").value().text() == "loaded k");
  }
}

BOOST_AUTO_TEST_CASE(a_typed_cache_loads_too) {
  LoadedWorld world;
  const TypedCache<std::string, TextSerializer> texts(world.cache);
  BOOST_TEST(get_or_load(texts, "p:1").value() == "loaded p:1");
  BOOST_TEST((get_or_load(texts, "").error().code() == ErrorCode::bad_argument));
}

BOOST_AUTO_TEST_CASE(an_asynchronous_load_holds_no_thread_of_its_caller) {
  LoadedWorld world;
  BOOST_TEST(world.cache->async_get_or_load("p:1").wait().value().text() == "loaded p:1");
  BOOST_TEST(world.cache->async_get_or_load("p:1").wait().hit());
  BOOST_TEST(world.loader->loads == 1);
  BOOST_TEST(world.cache->async_get_or_load("other").wait().failed());  // it has no TTL
  ComputingWorld without([](auto&) {});
  BOOST_TEST((without.cache->async_get_or_load("k").wait().error().code() == ErrorCode::unsupported));
}

BOOST_AUTO_TEST_CASE(layers_pass_loads_on) {
  LoadedWorld world;
  const auto layer = prefixed(world.cache, "p:");
  auto& computing = *find_interface<IComputingCache>(*layer);
  BOOST_TEST(computing.get_or_load("1").value().text() == "loaded p:1");
  std::vector<Lookup> found(2);
  computing.get_or_load_many(std::vector<std::string_view>{"1", "2"}, found);
  BOOST_TEST(found[1].value().text() == "loaded p:2");
}

BOOST_AUTO_TEST_SUITE_END()
