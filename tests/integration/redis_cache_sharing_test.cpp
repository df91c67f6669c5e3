// One server shared with programs of other languages: what they write is read here and the other way round.

#include "integration/redis_cache_fixture.hpp"
#include "support/process.hpp"
#include "support/wait_until.hpp"

#include <cachesite/pickle_serializer.hpp>
#include <cachesite/typed_cache.hpp>

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(redis_cache_sharing)

namespace {

RedisServer& server() {
  static RedisServer shared;
  return shared;
}

std::vector<std::string> python_words(const std::string& system, std::vector<std::string> expressions) {
  expressions.insert(expressions.begin(),
                     {"/usr/bin/python3", CACHESITE_FOREIGN_CACHE, std::to_string(server().port()), system});
  return expressions;
}

/// Lets the other program evaluate expressions; returns its lines.
std::string python(const std::string& system, std::vector<std::string> expressions) {
  return run_checked(python_words(system, std::move(expressions)));
}

struct Shared {
  explicit Shared(const std::string& prefix = {}, NullAs null_as = NullAs::marker)
      : cache(options(prefix, null_as)) {
    probe.flush();
  }
  static RedisCacheOptions options(const std::string& prefix, NullAs null_as) {
    auto options = options_for_port(server().port());
    options.prefix = prefix;
    options.null_as = null_as;
    return options;
  }

  RedisProbe probe = server().probe();
  StartedCache cache;
};

}  // namespace

BOOST_AUTO_TEST_CASE(entries_of_fivcglue_are_read_and_written) {
  Shared shared({}, NullAs::empty);
  BOOST_TEST(python("fivcglue", {"cache.set_value('theirs', b'\\x00\\xff', 60)",
                                 "cache.set_value('nothing', None, 60)"}) == "True\nTrue\n");
  BOOST_TEST((shared.cache->get_value("theirs")->text() == std::string("\0\xff", 2)));
  BOOST_TEST(shared.cache->get_value("nothing")->text() == "");
  BOOST_TEST(shared.cache->set_value("ours", "\x80 bytes", 1min));
  BOOST_TEST(shared.cache->set_value("null", std::nullopt, 1min));
  BOOST_TEST(python("fivcglue", {"cache.get_value('ours')", "cache.get_value('null')",
                                 "cache.get_value('absent')"}) == "b'\\x80 bytes'\nb''\nNone\n");
}

BOOST_AUTO_TEST_CASE(entries_of_spakky_are_read_and_written) {
  Shared shared("spakky:cache:");
  const auto cache = std::shared_ptr<ICache>(&*shared.cache, [](ICache*) {});
  TypedCache<std::string, PickleSerializer> typed(cache, {}, NullForm::serialized);
  BOOST_TEST(python("spakky:spakky:cache:", {"cache.set('theirs', 'Ada', 1.25)",
                                             "cache.set('endless', 'Ada')", "cache.set('null', None)"}) ==
             "None\nNone\nNone\n");
  BOOST_TEST(shared.probe.get("spakky:cache:endless").value().starts_with("\x80\x05"));
  BOOST_TEST(typed.get("endless").value() == "Ada");
  BOOST_TEST(typed.get("null").null());
  BOOST_TEST((shared.cache->time_to_live("theirs").value().left <= 1250ms));
  BOOST_TEST(typed.write("ours", "Grace", 1250ms).ok());
  BOOST_TEST(typed.write_null("our null", 1min).ok());
  BOOST_TEST(python("spakky:spakky:cache:", {"cache.get('ours')", "cache.get('our null')",
                                             "cache.delete('ours')", "cache.get('ours')"}) ==
             "'Grace'\nNone\nTrue\n'miss'\n");
  shared.probe.set("spakky:other", "value");
  BOOST_TEST(shared.cache->clear().ok());
  BOOST_TEST((shared.probe.keys() == std::vector<std::string>{"spakky:other"}));
}

BOOST_AUTO_TEST_CASE(entries_of_rick_are_read_and_written) {
  Shared shared("shop_");
  const auto cache = std::shared_ptr<ICache>(&*shared.cache, [](ICache*) {});
  TypedCache<std::string, PickleSerializer> typed(cache);
  BOOST_TEST(python("rick:shop_", {"cache.set('theirs', 'Ada', 60)", "cache.set('endless', 'Ada')"}) ==
             "True\nTrue\n");
  BOOST_TEST(shared.probe.get("shop_theirs").value().starts_with("\x80\x04"));
  BOOST_TEST(typed.get("theirs").value() == "Ada");
  BOOST_TEST((shared.cache->time_to_live("endless").value().state == Remaining::State::no_expiry));
  BOOST_TEST(typed.write("ours", "Grace", 1min).ok());
  BOOST_TEST(python("rick:shop_", {"cache.get('ours')", "cache.has('ours')", "cache.remove('ours')",
                                   "cache.remove('ours')", "cache.get('absent')"}) ==
             "'Grace'\nTrue\nTrue\nFalse\nNone\n");
  BOOST_TEST(!shared.cache->contains("ours").value());
}

BOOST_AUTO_TEST_CASE(entries_of_redis_kit_are_read_and_written) {
  Shared shared("shop:");
  BOOST_TEST(
      python("redis-kit:shop", {"cache.set('theirs', {'name': 'Ada'}, 60)", "cache.set('null', None, 60)",
                                "cache.set_many({'a': 1, 'b': None}, 60)"}) == "True\nTrue\nNone\n");
  BOOST_TEST(shared.cache->get_value("theirs")->text() == R"({"name": "Ada"})");
  BOOST_TEST(shared.cache->get("null").null());
  const auto many = shared.cache->get_many({"a", "b", "absent"});
  BOOST_TEST(many[0].value().text() == "1");
  BOOST_TEST(many[1].null());
  BOOST_TEST(many[2].miss());
  BOOST_TEST(python("redis-kit-1.0.3:shop", {"cache.set('old', None, 60)"}) == "True\n");
  BOOST_TEST(shared.cache->get("old").null());

  shared.cache->set_many({{"ours", R"(["x", 2])", 90s},
                          {"our null", std::nullopt, 90s},
                          {"endless", "true", TimeToLive::never_expires()}});
  BOOST_TEST(python("redis-kit:shop",
                    {"cache.get_many(['ours', 'our null', 'absent', 'endless'])", "cache.ttl('endless')",
                     "cache.ttl('ours') in (89, 90)", "cache.iter_keys('o*')"}) ==
             "{'ours': ['x', 2], 'our null': None, 'absent': 'miss', 'endless': True}\n-1\nTrue\n"
             "['old', 'our null', 'ours']\n");
}

BOOST_AUTO_TEST_CASE(a_counter_is_shared_exactly_with_other_programs) {
  Shared shared("shop:");
  std::vector<Process> others;
  for (int other = 0; other < 3; ++other)
    others.emplace_back(python_words("redis-kit:shop", {"cache.increment('count', 300)"}));
  for (int round = 0; round < 300; ++round)
    BOOST_REQUIRE(shared.cache->increment("count", 1, TimeToLive::never_expires()).ok());
  for (auto& other : others)
    BOOST_TEST((other.wait_for_exit() == 0));
  BOOST_TEST(shared.cache->get_value("count")->text() == "1200");
}

BOOST_AUTO_TEST_SUITE_END()
