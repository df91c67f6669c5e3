// Tags on a real server: markers, and the sets that programs with spakky-redis share.

#include "integration/redis_cache_fixture.hpp"
#include "support/patient.hpp"
#include "support/process.hpp"
#include "support/wait_until.hpp"

#include <cachesite/pickle_serializer.hpp>
#include <cachesite/redis_connection.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/typed_cache.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

constexpr const char* prefix = "spakky:cache:";

RedisServer& server() {
  static RedisServer shared;
  return shared;
}

std::string python(std::vector<std::string> expressions) {
  expressions.insert(expressions.begin(),
                     {"/usr/bin/python3", CACHESITE_SPAKKY_TAGS, std::to_string(server().port()), prefix});
  return run_checked(expressions);
}

std::shared_ptr<RedisConnection> connect() {
  auto options = patient<RedisConnectionComponentOptions>();
  options.host = "127.0.0.1";
  options.port = server().port();
  return std::make_shared<RedisConnection>(options);
}

struct Tagged {
  explicit Tagged(TagForm form = TagForm::spakky) {
    probe.flush();
    auto redis_options = RedisCacheOptions();
    redis_options.connection = Reference<IRedis>(connection);
    redis_options.prefix = prefix;
    TaggedCacheOptions options;
    options.over = Reference<ICache>(std::make_shared<RedisCache>(redis_options));
    options.form = form;
    if (form == TagForm::spakky) {
      options.connection = Reference<IRedis>(connection);
      options.prefix = prefix;
    }
    cache = std::make_shared<TaggedCache>(options);
  }

  std::shared_ptr<RedisConnection> connection = connect();
  RedisProbe probe = server().probe();
  std::shared_ptr<TaggedCache> cache;
};

struct Markers : Tagged {
  Markers() : Tagged(TagForm::markers) {}
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(spakky_tags, Tagged)

BOOST_AUTO_TEST_CASE(an_entry_and_its_sets_are_written_as_spakky_writes_them) {
  BOOST_TEST(cache->write_tagged("one", ByteView("x"), 90s, {"red", "blue"}).ok());
  BOOST_TEST(cache->write_tagged("two", ByteView("y"), TimeToLive::never_expires(), {"red"}).ok());
  BOOST_TEST(probe.get("spakky:cache:one").value_or("") == "x");
  BOOST_TEST(probe.ttl_milliseconds("spakky:cache:one") > 80'000);
  BOOST_TEST(probe.ttl_milliseconds("spakky:cache:two") == -1);
  BOOST_TEST(probe.ttl_milliseconds("spakky:cache:__tag__:red") == -1);
  BOOST_TEST(python({"cache.members('red')", "cache.members('blue')"}) ==
             "['spakky:cache:one', 'spakky:cache:two']\n['spakky:cache:one']\n");
  BOOST_TEST(cache->get("one").value().text() == "x");
}

BOOST_AUTO_TEST_CASE(what_is_written_here_is_evicted_there) {
  std::string pickled;
  BOOST_REQUIRE(PickleSerializer().write_data(Data("Ada"), pickled).ok());
  BOOST_TEST(cache->write_tagged("one", ByteView(pickled), 90s, {"red"}).ok());
  BOOST_TEST(cache->write_tagged("two", ByteView(pickled), 90s, {"red", "blue"}).ok());
  // Two entries and one set.
  BOOST_TEST(python({"cache.get('one')", "cache.evict_tags('red')"}) == "'Ada'\n3\n");
  BOOST_TEST(cache->get("one").miss());
  BOOST_TEST(cache->get("two").miss());
}

BOOST_AUTO_TEST_CASE(what_is_written_there_is_evicted_here) {
  BOOST_TEST(python({"cache.set_with_tags('one', 'Ada', ['red'], 90000)",
                     "cache.set_with_tags('two', None, ['red', 'blue'])",
                     "cache.set_with_tags('three', 7, ['blue'])"}) == "None\nNone\nNone\n");
  TypedCache<std::string, PickleSerializer> typed(cache);
  BOOST_TEST(typed.get("one").value() == "Ada");
  BOOST_TEST(cache->evict_tags({"red"}).value() == 2u);  // entries; the set is not counted
  BOOST_TEST(python({"cache.get('one')", "cache.get('two')", "cache.get('three')", "cache.members('red')"}) ==
             "'miss'\n'miss'\n7\n[]\n");
  BOOST_TEST(!probe.exists("spakky:cache:__tag__:red"));
  BOOST_TEST(cache->evict_tags({"red", "blue", "blue"}).value() == 1u);
  BOOST_TEST(probe.keys().empty());
}

BOOST_AUTO_TEST_CASE(keys_that_are_gone_are_not_counted) {
  BOOST_TEST(cache->write_tagged("one", ByteView("x"), 90s, {"t"}).ok());
  BOOST_TEST(cache->write_tagged("two", ByteView("x"), 90s, {"t"}).ok());
  BOOST_TEST(cache->remove("one").value());
  BOOST_TEST(cache->evict_tags({"t"}).value() == 1u);
  BOOST_TEST(cache->evict_tags({"t"}).value() == 0u);
  BOOST_TEST(cache->statistics().tag_evictions == 2u);
}

BOOST_AUTO_TEST_CASE(a_large_tag_is_evicted_in_steps) {
  constexpr int count = 5000;
  for (int index = 0; index < count; ++index)
    BOOST_REQUIRE(cache->write_tagged("key" + std::to_string(index), ByteView("x"), 90s, {"large"}).ok());
  BOOST_TEST(cache->evict_tags({"large"}).value() == static_cast<std::uint64_t>(count));
  BOOST_TEST(probe.keys().empty());
}

BOOST_AUTO_TEST_CASE(nothing_that_is_written_during_an_eviction_lives_on_without_its_tag) {
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int index = 0; !done; ++index)
      (void)cache->write_tagged("key" + std::to_string(index % 2000), ByteView("x"), 90s, {"t"});
  });
  for (int round = 0; round < 30; ++round)
    BOOST_TEST(cache->evict_tags({"t"}).ok());
  done = true;
  writer.join();
  BOOST_TEST(cache->evict_tags({"t"}).ok());
  BOOST_TEST(probe.keys().empty());
}

BOOST_AUTO_TEST_CASE(sets_of_tags_show_in_no_walk_and_have_no_entries) {
  BOOST_TEST(cache->write_tagged("one", ByteView("x"), 90s, {"t"}).ok());
  BOOST_TEST(cache->size().value() == 1u);
  std::vector<std::string> found;
  for (const auto& key : cache->keys())
    found.push_back(key);
  BOOST_TEST(found == std::vector<std::string>{"one"}, boost::test_tools::per_element());
  BOOST_TEST((cache->write("__tag__:t", ByteView("x"), 90s).error().code() == ErrorCode::bad_argument));
  BOOST_TEST(cache->clear().ok());
  BOOST_TEST(probe.keys().empty());
}

BOOST_AUTO_TEST_CASE(a_null_and_a_value_that_looks_like_one_come_back) {
  const std::string tricky("\0__REDIS_KIT_NONE__\0 and more", 29);
  BOOST_TEST(cache->write_tagged("null", std::nullopt, 90s, {"t"}).ok());
  BOOST_TEST(cache->write_tagged("tricky", ByteView(tricky), 90s, {"t"}).ok());
  BOOST_TEST(cache->get("null").null());
  BOOST_TEST(cache->get("tricky").value().text() == tricky);
}

BOOST_AUTO_TEST_CASE(a_key_that_is_no_set_fails_before_anything_is_written) {
  probe.set("spakky:cache:__tag__:t", "no set");
  BOOST_TEST((cache->write_tagged("one", ByteView("x"), 90s, {"t"}).error().code() == ErrorCode::refused));
  BOOST_TEST(!probe.exists("spakky:cache:one"));
  BOOST_TEST((cache->evict_tags({"t"}).error().code() == ErrorCode::refused));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(tag_markers_on_redis, Markers)

BOOST_AUTO_TEST_CASE(a_tag_ends_its_entries_and_leaves_nothing_behind) {
  BOOST_TEST(cache->write_tagged("one", ByteView("x"), 200ms, {"red"}).ok());
  BOOST_TEST(cache->write_tagged("two", ByteView("x"), 200ms, {"red", "blue"}).ok());
  BOOST_TEST(cache->get("two").hit());
  BOOST_TEST(probe.keys().size() == 4u);
  BOOST_TEST(cache->evict_tags({"red"}).value() == 1u);
  const auto found = cache->get_many({"one", "two"});
  BOOST_TEST((found[0].miss() && found[1].miss()));
  BOOST_TEST(wait_until([&] { return probe.keys().empty(); }));
}

BOOST_AUTO_TEST_CASE(programs_share_markers) {
  Markers other;
  BOOST_TEST(cache->write_tagged("one", ByteView("x"), 90s, {"t"}).ok());
  BOOST_TEST(other.cache->write_tagged("two", ByteView("x"), 900s, {"t"}).ok());
  BOOST_TEST(other.cache->get("one").hit());
  BOOST_TEST(probe.ttl_milliseconds("spakky:cache:__tag_marker__:t") >= 900'000);
  BOOST_TEST(other.cache->evict_tags({"t"}).ok());
  BOOST_TEST(cache->get("one").miss());
  BOOST_TEST(cache->get("two").miss());
}

BOOST_AUTO_TEST_SUITE_END()
