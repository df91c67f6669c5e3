// What the source calls a state of a value: it is kept beside the value, and saves the source work.

#include "support/wait_until.hpp"
#include "unit/layers/remember/enveloped_world.hpp"

#include <cachesite/document.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::EnvelopedWorld;

namespace {

// A source that answers like a web server.
struct Source {
  Result<Computed> operator()(const ComputeContext& context) {
    ++questions;
    asked_for = std::string(context.etag);
    Computed computed;
    computed.etag = etag;
    if (context.etag == etag) {
      computed.not_modified = true;
      return computed;
    }
    ++values_sent;
    computed.value = value;
    return computed;
  }

  std::string etag = "v1";
  std::string value = "first";
  std::string asked_for;
  int questions = 0;
  int values_sent = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(etags)

BOOST_AUTO_TEST_CASE(what_an_envelope_tells_beside_its_value_can_be_asked) {
  EnvelopedWorld world;
  Source source;
  const auto told = [&](std::string_view key, std::string_view name) {
    Node facts;
    facts.kind = Node::Kind::map;
    world.cache->explain_stored(key, facts);
    const auto* const envelope = facts.find("envelope");
    const auto* const fact = envelope == nullptr ? nullptr : envelope->find(name);
    return fact == nullptr ? std::string("-") : fact->scalar;
  };
  BOOST_TEST(told("k", "age_ms") == "-");
  BOOST_TEST(world.cache->remember("k", 1min, std::ref(source)).hit());
  BOOST_TEST(told("k", "fresh_left_ms") == "60000");
  BOOST_TEST(told("k", "stale_left_ms") == "3660000");
  BOOST_TEST(told("k", "etag_bytes") == "2");
  BOOST_TEST(std::stoi(told("k", "age_ms")) < 60'000);
  BOOST_TEST(told("k", "cost_us") != "-");
  world.clock->advance(61s);
  BOOST_TEST(told("k", "fresh_left_ms") == "0");
  BOOST_TEST(told("k", "stale_left_ms") == "3599000");
  BOOST_TEST(world.cache->set_value("eternal", "x", TimeToLive::never_expires()));
  BOOST_TEST(told("eternal", "fresh_left_ms") == "never");
  BOOST_TEST(world.store->set_value("bad", world.stored().substr(0, 33), 1h));
  BOOST_TEST(told("bad", "bad") != "-");
  BOOST_TEST(told("bad", "age_ms") == "-");
}

// Acceptance test 64.
BOOST_AUTO_TEST_CASE(not_modified_moves_no_value_and_an_etag_survives_a_restart) {
  EnvelopedWorld world;
  Source source;
  BOOST_TEST(world.cache->remember("k", 1min, std::ref(source)).value().text() == "first");
  BOOST_TEST(source.asked_for.empty());
  world.clock->advance(61s);
  const auto restarted = world.another();
  const int writes = world.below->writes;
  const auto before = world.stored();
  const auto found = restarted->remember("k", 1min, std::ref(source));
  BOOST_TEST(found.value().text() == "first");
  BOOST_TEST(!found.stale());
  BOOST_TEST(source.asked_for == "v1");
  BOOST_TEST(source.values_sent == 1);
  BOOST_TEST(world.below->writes == writes);
  BOOST_TEST(world.stored() == before);
  BOOST_TEST(restarted->time_to_live("k").value().left.count() == 60'000);
  BOOST_TEST(restarted->computing_statistics().not_modified == 1U);
  world.clock->advance(61s);
  source.etag = "v2";
  source.value = "second";
  BOOST_TEST(world.cache->remember("k", 1min, std::ref(source)).value().text() == "second");
  BOOST_TEST(source.asked_for == "v1");
  BOOST_TEST(world.opened(world.stored()).etag == "v2");
}

BOOST_AUTO_TEST_CASE(a_value_that_is_not_modified_may_get_another_etag) {
  EnvelopedWorld world;
  (void)world.cache->remember("k", 1min, [] { return Computed{.value = "v", .etag = "a"}; });
  world.clock->advance(61s);
  (void)world.cache->remember("k", 1min, [](const ComputeContext&) {
    Computed same;
    same.not_modified = true;
    same.etag = "b";
    return same;
  });
  const auto bytes = world.stored();
  BOOST_TEST(world.opened(bytes).etag == "b");
  BOOST_TEST(world.opened(bytes).value == "v");
  BOOST_TEST(world.cache->time_to_live("k").value().left.count() == 60'000);
}

BOOST_AUTO_TEST_CASE(a_value_without_a_new_etag_keeps_its_own) {
  EnvelopedWorld world;
  (void)world.cache->remember("k", 1min, [] { return Computed{.value = "v", .etag = "a"}; });
  world.clock->advance(61s);
  (void)world.cache->remember("k", 1min, [](const ComputeContext&) { return NotModified{}; });
  BOOST_TEST(world.opened(world.stored()).etag == "a");
  world.clock->advance(61s);
  (void)world.cache->remember("k", 1min, [](const ComputeContext&) {
    Computed same;
    same.not_modified = true;
    same.stale_for = 5s;  // the header is written anew
    return same;
  });
  const auto bytes = world.stored();
  BOOST_TEST(world.opened(bytes).stale_for.count() == 5'000);
  BOOST_TEST(world.opened(bytes).etag == "a");
}

BOOST_AUTO_TEST_CASE(not_modified_prolongs_nothing_that_came_meanwhile_or_has_gone) {
  EnvelopedWorld world;
  const auto other = world.another();
  world.let_value_end();
  (void)world.cache->remember("k", 10min, [&](const ComputeContext&) {
    (void)other->write("k", "newer", 1min);
    return NotModified{};
  });
  BOOST_TEST(world.cache->get("k").value().text() == "newer");
  BOOST_TEST(world.cache->time_to_live("k").value().left.count() == 60'000);
  world.clock->advance(61s);
  (void)world.cache->remember("k", 10min, [&](const ComputeContext&) {
    (void)other->remove("k");
    return NotModified{};
  });
  BOOST_TEST(world.cache->get("k").miss());
}

BOOST_AUTO_TEST_CASE(a_refresh_ahead_of_the_end_gets_the_etag) {
  EnvelopedWorld world([](auto& options) { options.refresh.mode = RefreshMode::eager; });
  Source source;
  (void)world.cache->remember("k", 1min, std::ref(source));
  world.clock->advance(50s);
  BOOST_TEST(world.cache->remember("k", 1min, std::ref(source)).value().text() == "first");
  BOOST_TEST(source.asked_for == "v1");
  BOOST_TEST(source.values_sent == 1);
  BOOST_TEST(world.cache->time_to_live("k").value().left.count() == 60'000);
}

BOOST_AUTO_TEST_CASE(an_etag_that_is_too_long_is_not_kept_and_with_form_plain_none_is) {
  EnvelopedWorld world;
  (void)world.cache->remember("k", 1min,
                              [] { return Computed{.value = "v", .etag = std::string(256, 'e')}; });
  BOOST_TEST(world.opened(world.stored()).etag.empty());
  test::ComputingWorld plain([](auto& options) { options.stale.keep = 1h; });
  Source source;
  (void)plain.cache->remember("k", 1min, std::ref(source));
  plain.clock->advance(61s);
  (void)plain.cache->remember("k", 1min, std::ref(source));
  BOOST_TEST(source.asked_for.empty());
  BOOST_TEST(source.values_sent == 2);
}

BOOST_AUTO_TEST_SUITE_END()
