#include "support/fake_clock.hpp"

#include <cachesite/bound_cache.hpp>
#include <cachesite/load.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

/// The far tier: counts what it is asked, fails on demand, and lets a test do something in the middle of a
/// call.
class FarCache final : public CacheLayer {
 public:
  using CacheLayer::CacheLayer;

  int reads = 0;
  int batches = 0;
  std::size_t keys_of_batches = 0;
  bool away = false;
  std::function<void()> after_read;
  std::function<void()> after_write;
  std::function<void()> after_life;

 protected:
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override {
    if (away) return Error(ErrorCode::unreachable, "away", Outcome::unknown);
    auto written = forward_write(key, value, time_to_live);
    run(after_write);
    return written;
  }
  void do_begin(CacheRequest& request) override {
    if (request.operation == CacheOperation::read) {
      ++reads;
      if (away) return request.fail(Error(ErrorCode::unreachable, "away"));
      forward(request);
      run(after_read);
      return run(after_life);
    }
    if (request.operation == CacheOperation::get_many) {
      ++batches;
      keys_of_batches += request.items();
      for (std::size_t item = 0; item < request.items(); ++item)
        request.results_as<Lookup>()[item] = below()->get(request.keys[item]);
      return;
    }
    CacheLayer::do_begin(request);
    if (request.operation == CacheOperation::time_to_live ||
        request.operation == CacheOperation::time_to_live_many)
      run(after_life);
  }

 private:
  // Once: what it does may come back here.
  static void run(std::function<void()>& action) {
    if (!action) return;
    const auto once = std::exchange(action, nullptr);
    once();
  }
};

struct Tiers {
  explicit Tiers(std::chrono::milliseconds negative_ttl = 5s) {
    context.clock = clock;
    store = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
    far = std::make_shared<FarCache>(store);
    near = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
    TieredCacheOptions options;
    options.over = Reference<ICache>(far);
    options.near = Reference<ICache>(near);
    options.near_ttl = 30s;
    options.negative_ttl = negative_ttl;
    cache = std::make_shared<TieredCache>(options, context);
  }

  std::string text(std::string_view key) const {
    const auto value = cache->get_value(key);
    return value ? std::string(value->text()) : "nothing";
  }

  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  ComponentContext context;
  std::shared_ptr<MemoryCache> store, near;
  std::shared_ptr<FarCache> far;
  std::shared_ptr<TieredCache> cache;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tiered_cache)

BOOST_AUTO_TEST_CASE(a_read_of_the_far_tier_is_answered_by_the_near_one_from_then_on) {
  const Tiers tiers;
  BOOST_TEST(tiers.store->set_value("key", "value", 1h));
  BOOST_TEST(tiers.text("key") == "value");
  BOOST_TEST(tiers.far->reads == 1);
  BOOST_TEST(tiers.text("key") == "value");
  BOOST_TEST(tiers.far->reads == 1);
  const auto statistics = tiers.cache->tier_statistics();
  BOOST_TEST(statistics.far_hits == 1u);
  BOOST_TEST(statistics.near_hits == 1u);
  BOOST_TEST(statistics.fills == 1u);
}

BOOST_AUTO_TEST_CASE(a_copy_never_outlives_its_entry) {
  const Tiers tiers;
  BOOST_TEST(tiers.store->set_value("short", "value", 100ms));
  BOOST_TEST(tiers.cache->set_value("written", "value", 100ms));
  BOOST_TEST(tiers.text("short") == "value");
  tiers.clock->advance(101ms);
  BOOST_TEST(tiers.text("short") == "nothing");
  BOOST_TEST(tiers.text("written") == "nothing");
}

BOOST_AUTO_TEST_CASE(a_change_by_another_process_is_seen_when_the_copy_ends) {
  const Tiers tiers;
  BOOST_TEST(tiers.cache->set_value("key", "ours", 1h));
  BOOST_TEST(tiers.store->set_value("key", "theirs", 1h));
  BOOST_TEST(tiers.text("key") == "ours");
  tiers.clock->advance(30s + 1ms);
  BOOST_TEST(tiers.text("key") == "theirs");
}

BOOST_AUTO_TEST_CASE(that_there_is_nothing_is_remembered_for_a_while_and_a_write_ends_it) {
  const Tiers tiers;
  BOOST_TEST(tiers.text("key") == "nothing");
  BOOST_TEST(tiers.text("key") == "nothing");
  BOOST_TEST(tiers.far->reads == 1);
  BOOST_TEST(tiers.cache->tier_statistics().near_misses == 1u);
  BOOST_TEST(tiers.cache->set_value("key", "value", 1h));
  BOOST_TEST(tiers.text("key") == "value");

  BOOST_TEST(tiers.text("other") == "nothing");
  tiers.clock->advance(5s + 1ms);
  BOOST_TEST(tiers.store->set_value("other", "value", 1h));
  BOOST_TEST(tiers.text("other") == "value");
}

BOOST_AUTO_TEST_CASE(with_a_negative_ttl_of_zero_a_miss_is_asked_for_each_time) {
  const Tiers tiers(0ms);
  BOOST_TEST(tiers.text("key") == "nothing");
  BOOST_TEST(tiers.text("key") == "nothing");
  BOOST_TEST(tiers.far->reads == 2);
}

BOOST_AUTO_TEST_CASE(a_cached_null_is_copied_too) {
  const Tiers tiers;
  BOOST_TEST(tiers.store->set_value("key", std::nullopt, 1h));
  BOOST_TEST(tiers.cache->get("key").null());
  BOOST_TEST(tiers.cache->get("key").null());
  BOOST_TEST(tiers.far->reads == 1);
}

BOOST_AUTO_TEST_CASE(writes_go_to_both_tiers) {
  const Tiers tiers;
  BOOST_TEST(tiers.cache->set_value("key", "value", 1h));
  BOOST_TEST(tiers.store->get_value("key")->text() == "value");
  BOOST_TEST(tiers.near->get_value("key")->text() == "value");
  BOOST_TEST(tiers.cache->remove("key").value());
  BOOST_TEST(!tiers.store->get_value("key").has_value());
  BOOST_TEST(!tiers.near->get_value("key").has_value());
}

BOOST_AUTO_TEST_CASE(of_many_keys_the_far_tier_is_asked_only_for_those_that_the_near_one_does_not_know) {
  const Tiers tiers;
  BOOST_TEST(tiers.cache->set_value("near", "1", 1h));
  BOOST_TEST(tiers.store->set_value("far", "2", 1h));
  for (int round = 0; round < 2; ++round) {
    const auto found = tiers.cache->get_many({"near", "far", "absent", "near"});
    BOOST_TEST(found[0].value().text() == "1");
    BOOST_TEST(found[1].value().text() == "2");
    BOOST_TEST(found[2].miss());
    BOOST_TEST(found[3].value().text() == "1");
  }
  BOOST_TEST(tiers.far->batches == 1);
  BOOST_TEST(tiers.far->keys_of_batches == 2u);
}

BOOST_AUTO_TEST_CASE(a_write_that_failed_leaves_no_copy) {
  const Tiers tiers;
  BOOST_TEST(tiers.cache->set_value("key", "old", 1h));
  tiers.far->away = true;
  BOOST_TEST(!tiers.cache->set_value("key", "new", 1h));
  BOOST_TEST(!tiers.near->get_value("key").has_value());
  tiers.far->away = false;
  BOOST_TEST(tiers.text("key") == "old");
}

BOOST_AUTO_TEST_CASE(while_the_far_tier_is_away_copies_are_served_and_nothing_is_taken_to_be_absent) {
  const Tiers tiers;
  BOOST_TEST(tiers.cache->set_value("known", "value", 1h));
  BOOST_TEST(tiers.store->set_value("unknown", "value", 1h));
  tiers.far->away = true;
  BOOST_TEST(tiers.text("known") == "value");
  BOOST_TEST(tiers.cache->get("unknown").failed());
  tiers.far->away = false;
  BOOST_TEST(tiers.text("unknown") == "value");
}

BOOST_AUTO_TEST_CASE(a_copy_of_an_old_value_never_replaces_a_new_one) {
  const Tiers tiers;
  BOOST_TEST(tiers.store->set_value("key", "old", 1h));
  tiers.far->after_read = [&] { BOOST_TEST(tiers.cache->set_value("key", "new", 1h)); };
  BOOST_TEST(tiers.text("key") == "old");
  BOOST_TEST(tiers.text("key") == "new");

  tiers.far->after_read = [&] { BOOST_TEST(tiers.cache->set_value("absent", "there", 1h)); };
  BOOST_TEST(tiers.text("absent") == "nothing");
  BOOST_TEST(tiers.text("absent") == "there");

  BOOST_TEST(tiers.store->set_value("cleared", "old", 1h));
  tiers.far->after_read = [&] { BOOST_TEST(tiers.cache->clear().ok()); };
  BOOST_TEST(tiers.text("cleared") == "old");
  BOOST_TEST(tiers.text("cleared") == "nothing");
  BOOST_TEST(tiers.cache->tier_statistics().fills_dropped == 3u);
}

BOOST_AUTO_TEST_CASE(what_is_removed_during_a_read_leaves_no_copy) {
  const std::vector<std::function<void(ICache&)>> removals{
      [](auto& cache) { BOOST_TEST(cache.remove("key").value()); },
      [](auto& cache) { BOOST_TEST(cache.remove_many({"key"})[0].value()); },
      [](auto& cache) { BOOST_TEST(cache.remove_matching("k*").value() == 1u); },
      [](auto& cache) { BOOST_TEST(cache.clear().ok()); },
  };
  for (std::size_t index = 0; index < removals.size(); ++index)
    for (const bool batch : {false, true})
      BOOST_TEST_CONTEXT("removal " << index << (batch ? " during a read of many" : "")) {
        const Tiers tiers;
        BOOST_TEST(tiers.store->set_value("key", "old", 1h));
        tiers.far->after_life = [&] { removals[index](*tiers.cache); };
        BOOST_TEST((batch ? tiers.cache->get_many({"key"})[0].hit() : tiers.cache->get("key").hit()));
        BOOST_TEST(tiers.text("key") == "nothing");
        BOOST_TEST(tiers.cache->tier_statistics().fills_dropped == 1u);
      }
}

BOOST_AUTO_TEST_CASE(two_writers_at_once_leave_no_copy_of_the_one_that_lost) {
  const Tiers tiers;
  // The other writer begins later and ends first, so the far tier holds its value.
  tiers.far->after_write = [&] { BOOST_TEST(tiers.cache->set_value("key", "later", 1h)); };
  BOOST_TEST(tiers.cache->set_value("key", "earlier", 1h));
  BOOST_TEST(tiers.store->get_value("key")->text() == "later");
  BOOST_TEST(tiers.text("key") == "later");
}

BOOST_AUTO_TEST_CASE(what_changes_an_entry_in_place_drops_its_copy) {
  const Tiers tiers;
  BOOST_TEST(tiers.cache->set_value("key", "1", 1h));
  BOOST_TEST(tiers.cache->increment("key", 4, TimeToLive(1h)).value() == 5);
  BOOST_TEST(tiers.text("key") == "5");
  BOOST_TEST(tiers.cache->expire("key", TimeToLive(10ms)).value());
  tiers.clock->advance(11ms);
  BOOST_TEST(tiers.text("key") == "nothing");

  BOOST_TEST(tiers.cache->add("added", "1", TimeToLive(1h)).value());
  BOOST_TEST(!tiers.cache->add("added", "2", TimeToLive(1h)).value());
  BOOST_TEST(tiers.text("added") == "1");
  BOOST_TEST(tiers.cache->replace("added", "3", TimeToLive(1h)).value());
  BOOST_TEST(tiers.text("added") == "3");
}

BOOST_AUTO_TEST_CASE(a_pattern_is_removed_from_both_tiers) {
  const Tiers tiers;
  for (const auto* key : {"user:1", "user:2", "item:1"})
    BOOST_TEST(tiers.cache->set_value(key, "value", 1h));
  BOOST_TEST(tiers.cache->remove_matching("user:*").value() == 2u);
  BOOST_TEST(tiers.text("user:1") == "nothing");
  BOOST_TEST(tiers.text("item:1") == "value");
  BOOST_TEST(tiers.near->contains("item:1").value());
  BOOST_TEST(tiers.cache->clear().ok());
  BOOST_TEST(tiers.text("item:1") == "nothing");
  BOOST_TEST(tiers.cache->near_size() == 0u);
}

BOOST_AUTO_TEST_CASE(the_near_tier_can_be_dealt_with_alone) {
  const Tiers tiers;
  BOOST_TEST(tiers.cache->set_value("key", "ours", 1h));
  BOOST_TEST(tiers.cache->set_value("other", "ours", 1h));
  BOOST_TEST(tiers.cache->near_size() == 2u);
  BOOST_TEST(tiers.store->set_value("key", "theirs", 1h));
  BOOST_TEST(tiers.cache->forget_near("key"));
  BOOST_TEST(!tiers.cache->forget_near("key"));
  BOOST_TEST(tiers.text("key") == "theirs");
  tiers.cache->clear_near();
  BOOST_TEST(tiers.cache->near_size() == 0u);
  BOOST_TEST(tiers.text("other") == "ours");
}

BOOST_AUTO_TEST_CASE(a_value_that_the_near_tier_has_no_room_for_leaves_no_older_copy) {
  Tiers tiers;
  MemoryCacheOptions small;
  small.max_bytes = ByteSize{256 * 1024};
  TieredCacheOptions options;
  options.over = Reference<ICache>(tiers.far);
  options.near = Reference<ICache>(std::make_shared<MemoryCache>(small, tiers.context));
  tiers.cache = std::make_shared<TieredCache>(options, tiers.context);
  BOOST_TEST(tiers.cache->set_value("key", "small", 1h));
  const std::string large(1024 * 1024, 'x');
  BOOST_TEST(tiers.cache->set_value("key", large, 1h));
  BOOST_TEST((tiers.text("key") == large));
}

BOOST_AUTO_TEST_CASE(a_value_is_computed_once_for_both_tiers) {
  const Tiers tiers;
  RememberCacheOptions options;
  options.over = Reference<ICache>(tiers.cache);
  RememberCache computing(options, tiers.context);
  int computed = 0;
  const auto compute = [&] {
    ++computed;
    return std::string("value");
  };
  // That there is nothing is known already, which is no reason not to compute.
  BOOST_TEST(tiers.cache->get("key").miss());
  BOOST_TEST(computing.remember("key", 1h, compute).value().text() == "value");
  BOOST_TEST(computing.remember("key", 1h, compute).value().text() == "value");
  BOOST_TEST(computed == 1);
  BOOST_TEST(tiers.near->get_value("key")->text() == "value");
  BOOST_TEST(tiers.store->get_value("key")->text() == "value");
}

BOOST_AUTO_TEST_CASE(a_view_of_one_key_stands_over_both_tiers) {
  const Tiers tiers;
  const auto view = bind(tiers.cache, "key");
  BOOST_TEST(view.set_value("value", 1h));
  BOOST_TEST(tiers.near->get_value("key")->text() == "value");
  BOOST_TEST(view.get_value()->text() == "value");
  BOOST_TEST(view.remove().value());
  BOOST_TEST(!tiers.store->get_value("key").has_value());
  BOOST_TEST(!view.get_value().has_value());
}

BOOST_AUTO_TEST_CASE(a_file_declares_tiers) {
  const auto site = load_component_site_from_text(
      "- {class: MemoryCache, entries: [{interface: ICache, name: far}]}\n"
      "- {class: MemoryCache, entries: [{interface: ICache, name: near}], max_size: 100}\n"
      "- class: TieredCache\n"
      "  entries: [{interface: ICache, name: tiers}, {interface: ITieredCache, name: tiers}]\n"
      "  over: far\n"
      "  near: near\n"
      "  near_ttl: 10s\n",
      Format::yaml);
  const auto cache = site->get_component<ICache>("tiers");
  BOOST_TEST(cache->set_value("key", "value", 1h));
  BOOST_TEST(site->get_component<ICache>("far")->get_value("key")->text() == "value");
  BOOST_TEST(site->get_component<ITieredCache>("tiers")->near_size() == 1u);
  BOOST_CHECK_THROW((void)load_component_site_from_text(
                        "- {class: MemoryCache, entries: [{interface: ICache, name: one}]}\n"
                        "- {class: TieredCache, entries: [{interface: ICache}], over: one, near: one}\n",
                        Format::yaml),
                    std::exception);
}

BOOST_AUTO_TEST_SUITE_END()
