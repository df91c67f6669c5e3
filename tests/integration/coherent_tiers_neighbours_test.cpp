// Copies in memory beside whoever else uses the server: programs of the systems that the forms of values come from,
// processes without coherence, and processes that evict by tags.

#include "integration/coherent_tiers_fixture.hpp"
#include "support/process.hpp"

#include <cachesite/pickle_serializer.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/typed_cache.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

RedisServer& neighbours_server() {
  static RedisServer shared;
  return shared;
}

/// A Python program of another system at the same entries, and a process with copies in memory.
struct Neighbours {
  Neighbours(std::string system, const CoherentTiersOptions& options)
      : system_(std::move(system)), tiers(emptied(), options) {}
  static RedisServer& emptied() {
    neighbours_server().probe().flush();
    return neighbours_server();
  }

  std::string python(std::vector<std::string> expressions) const {
    expressions.insert(expressions.begin(), {"/usr/bin/python3", CACHESITE_FOREIGN_CACHE,
                                             std::to_string(neighbours_server().port()), system_});
    return run_checked(expressions);
  }
  /// What `text_of` reads in this process is what the other one writes, from its acknowledgement on, and the other
  /// reads what this one writes.
  template <class TextOf, class Write>
  void agree(const std::string& set, const std::string& get, TextOf text_of, Write write) const {
    python({set + "('key', " + quoted("one") + ", 60)"});
    BOOST_TEST(tiers.copied("key"));
    BOOST_TEST(text_of() == "one");
    python({set + "('key', " + quoted("two") + ", 60)"});
    BOOST_REQUIRE(tiers.cache->fence(10s).ok());
    BOOST_TEST(text_of() == "two");
    BOOST_TEST(tiers.copied("key"));
    write("three");
    BOOST_TEST(text_of() == "three");
    BOOST_TEST(python({get + "('key')", "cache.client.delete(*cache.client.keys('*'))"})
                   .starts_with(quoted("three") + "\n"));
    BOOST_REQUIRE(tiers.cache->fence(10s).ok());
    BOOST_TEST(text_of() == "nothing");
    BOOST_TEST(tiers.cache->tier_statistics().near_hits > 0U);
  }
  [[nodiscard]] std::string quoted(const std::string& text) const {
    return (system_ == "fivcglue" ? "b'" : "'") + text + "'";
  }
  void agree_on_pickles() const {
    TypedCache<std::string, PickleSerializer> typed(tiers.cache, {}, NullForm::serialized);
    agree(
        "cache.set", "cache.get",
        [&] {
          const auto found = typed.get("key");
          return found.hit() ? found.value() : "nothing";
        },
        [&](const std::string& text) { BOOST_TEST(typed.write("key", text, 1min).ok()); });
  }

  const std::string system_;
  CoherentTiers tiers;
};

std::shared_ptr<TaggedCache> tagged(const CoherentTiers& tiers) {
  TaggedCacheOptions options;
  options.over = std::static_pointer_cast<ICache>(tiers.cache);
  return std::make_shared<TaggedCache>(options);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(coherent_tiers_neighbours)

BOOST_AUTO_TEST_CASE(changes_by_fivcglue_are_seen_and_it_sees_ours) {
  const Neighbours both("fivcglue", {.prefix = "", .null_as = NullAs::empty});
  both.agree(
      "cache.set_value", "cache.get_value", [&] { return both.tiers.text("key"); },
      [&](const std::string& text) { BOOST_TEST(both.tiers.cache->set_value("key", text, 1min)); });
}

BOOST_AUTO_TEST_CASE(changes_by_spakky_are_seen_and_it_sees_ours) {
  const Neighbours both("spakky:spakky:cache:", {.prefix = "spakky:cache:"});
  both.agree_on_pickles();
}

BOOST_AUTO_TEST_CASE(changes_by_rick_are_seen_and_it_sees_ours) {
  const Neighbours both("rick:rick:", {.prefix = "rick:"});
  both.agree_on_pickles();
}

BOOST_AUTO_TEST_CASE(changes_by_redis_kit_are_seen_and_it_sees_ours) {
  const Neighbours both("redis-kit:kit", {.prefix = "kit:"});
  both.agree(
      "cache.set", "cache.get",
      [&] {
        const auto json = both.tiers.text("key");
        return json.starts_with('"') ? json.substr(1, json.size() - 2) : json;
      },
      [&](const std::string& text) {
        BOOST_TEST(both.tiers.cache->set_value("key", '"' + text + '"', 1min));
      });
}

BOOST_AUTO_TEST_CASE(processes_change_over_to_coherence_one_after_the_other) {
  neighbours_server().probe().flush();
  const CoherentTiers before(neighbours_server(), {.set = [](TieredCacheOptions& options) {
                               options.coherence.mode = CoherenceMode::none;
                               options.near_ttl = 50ms;
                             }});
  const CoherentTiers after(neighbours_server());
  BOOST_TEST(before.cache->set_value("key", "1", 1h));
  BOOST_TEST(after.copied("key"));
  BOOST_TEST(before.text("key") == "1");
  BOOST_TEST(before.cache->set_value("key", "2", 1h));
  BOOST_REQUIRE(after.cache->fence(10s).ok());
  BOOST_TEST(after.text("key") == "2");
  BOOST_TEST(after.cache->set_value("key", "3", 1h));
  BOOST_TEST(wait_until([&] { return before.text("key") == "3"; }));
}

BOOST_AUTO_TEST_CASE(tags_that_one_process_evicts_end_hits_of_another) {
  neighbours_server().probe().flush();
  const CoherentTiers one(neighbours_server());
  const CoherentTiers other(neighbours_server());
  const auto here = tagged(one);
  const auto there = tagged(other);
  for (const auto* key : {"a", "b"})
    BOOST_TEST(here->write_tagged(key, std::string_view("1"), 1h, {"shelf", key}).ok());
  BOOST_REQUIRE(other.cache->fence(10s).ok());
  for (const auto* key : {"a", "b"}) {
    BOOST_TEST(there->get(key).hit());
    BOOST_TEST(there->get(key).hit());
  }
  BOOST_TEST(here->evict_tags({"a"}).ok());
  BOOST_REQUIRE(other.cache->fence(10s).ok());
  BOOST_TEST(there->get("a").miss());
  BOOST_TEST(there->get("b").hit());
  BOOST_TEST(here->evict_tags({"shelf"}).ok());
  BOOST_REQUIRE(other.cache->fence(10s).ok());
  BOOST_TEST(there->get("b").miss());
  BOOST_TEST(other.cache->tier_statistics().near_hits > 0U);
}

BOOST_AUTO_TEST_SUITE_END()
