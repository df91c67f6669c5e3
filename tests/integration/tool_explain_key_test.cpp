// The command `explain-key`.

#include "tool_fixture.hpp"

#include <chrono>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite::test;

namespace {

bool tells(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Tiers named "near" over the cache of the tool, with computing above.
const std::string tiers =
    "- class: TieredCache\n"
    "  entries: [{interface: ICache, name: tiers}, {interface: ITieredCache, name: tiers}]\n"
    "  over: shop\n"
    "  near: {class: MemoryCache}\n"
    "  coherence: tracking\n"
    "  rules: [{match: 'tmp:*', near: false}, {match: 'user:*', near_ttl: 1min}]\n"
    "- class: RememberCache\n"
    "  entries: [{interface: ICache, name: computing}]\n"
    "  over: tiers\n"
    "  rules: [{match: 'user:*', ttl: 10min}]\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(tool_explain_key)

BOOST_AUTO_TEST_CASE(it_says_what_each_layer_knows_of_a_key_and_never_its_value) {
  Tool tool(tiers);
  tool.probe.checked({"SET", "shop[1]:user:42", "very secret", "PX", "600000"});
  const auto told = tool.answer({"explain-key", "computing", "user:42"});
  BOOST_TEST(told.starts_with("0 remember computing "), told);
  BOOST_TEST(tells(told, "rule 0; key user:42; no flight; not throttled\n"), told);
  BOOST_TEST(tells(told, "tiered tiers"), told);
  BOOST_TEST(tells(told, "rule 1; key user:42; near: value, 11 bytes ("), told);
  BOOST_TEST(tells(told, "; would be served\n"), told);
  BOOST_TEST(tells(told, "redis shop"), told);
  BOOST_TEST(tells(told, "redis key shop[1]:user:42 on 127.0.0.1:"), told);
  BOOST_TEST((tells(told, ", PTTL 59") || tells(told, ", PTTL 600.0s")), told);
  BOOST_TEST(tells(told, "; same as the copy\n"), told);
  BOOST_TEST(tells(told, "\ncoherence          coherent since 2"), told);
  BOOST_TEST(!tells(told, "secret"), told);
  const auto json = tool.answer({"--json", "explain-key", "tiers", "user:42"});
  BOOST_TEST(tells(json, "\"same_as_copy\": true"), json);
  BOOST_TEST(tells(json, "\"found\": \"value\""), json);
  BOOST_TEST(!tells(json, "secret"), json);
}

BOOST_AUTO_TEST_CASE(it_says_which_rule_gives_a_key_its_ttl) {
  Tool tool(
      "- {class: ExpiryCache, name: ruled, over: shop, ttl: 10min, rules: [{match: 'price:*', ttl: 1min}]}\n"
      "- {class: ExpiryCache, name: limited, over: shop, max_ttl: 1h}\n");
  const auto ruled = tool.answer({"explain-key", "ruled", "price:tea"});
  BOOST_TEST(tells(ruled, "expiry ruled       rule price:*, ttl 1m; key price:tea\n"), ruled);
  const auto usual = tool.answer({"explain-key", "ruled", "tea"});
  BOOST_TEST(tells(usual, "expiry ruled       rule none, ttl 10m; key tea\n"), usual);
  const auto limited = tool.answer({"explain-key", "limited", "tea"});
  BOOST_TEST(tells(limited, "expiry limited     key tea\n"), limited);
  const auto json = tool.answer({"--json", "explain-key", "ruled", "price:tea"});
  for (const std::string part : {"\"rule\": 0", "\"match\": \"price:*\"", "\"ttl_ms\": 60000"})
    BOOST_TEST(tells(json, part), json);
}

BOOST_AUTO_TEST_CASE(it_says_what_an_envelope_tells_and_shows_neither_value_nor_etag) {
  Tool tool(
      "- class: RememberCache\n"
      "  entries: [{interface: ICache, name: computing}]\n"
      "  over: shop\n"
      "  form: envelope\n"
      "  stale: {keep: 1h}\n");
  BOOST_TEST(tool.answer({"set", "computing", "user:42", "very secret", "--ttl", "10min"}).starts_with("0 "));
  const auto told = tool.answer({"explain-key", "computing", "user:42"});
  BOOST_TEST(tells(told, "; envelope: age "), told);
  BOOST_TEST((tells(told, ", fresh for 9m5") || tells(told, ", fresh for 10m,")), told);
  BOOST_TEST((tells(told, ", of use for 1h9m5") || tells(told, ", of use for 1h10m,")), told);
  BOOST_TEST(tells(told, ", no etag, cost 0 us"), told);
  BOOST_TEST(!tells(told, "secret"), told);
  tool.probe.checked({"SETRANGE", "shop[1]:user:42", "40", "X"});
  const auto bad = tool.answer({"explain-key", "computing", "user:42"});
  BOOST_TEST(tells(bad, "; bad envelope: "), bad);
}

BOOST_AUTO_TEST_CASE(it_says_why_a_copy_would_not_be_served) {
  Tool tool(tiers);
  tool.probe.checked({"SET", "shop[1]:tmp:1", "1"});
  const auto ruled_out = tool.answer({"explain-key", "tiers", "tmp:1"});
  BOOST_TEST(tells(ruled_out, "rule 0; key tmp:1; near: a rule says that there is no copy\n"), ruled_out);
  BOOST_TEST(tells(ruled_out, "never ends\n"), ruled_out);

  Tool deaf("  username: deaf\n  password: secret\n" + tiers);
  deaf.probe.checked({"ACL", "SETUSER", "deaf", "on", ">secret", "~*", "+@all", "-client|tracking"});
  deaf.probe.checked({"SET", "shop[1]:key", "1"});
  const auto unvouched = deaf.answer({"explain-key", "tiers", "key"});
  BOOST_TEST(unvouched.starts_with("0 "), unvouched);
  BOOST_TEST(tells(unvouched, "near: there is no copy"), unvouched);
  BOOST_TEST(tells(unvouched, "\ncoherence          pass_through since "), unvouched);
  BOOST_TEST(tells(unvouched, ", never proven: no copies of "), unvouched);
  BOOST_TEST(tells(unvouched, " are served: its news are missing: "), unvouched);
  BOOST_TEST(tells(unvouched, "+client|tracking"), unvouched);
  BOOST_TEST(!tells(unvouched, "secret"), unvouched);
}

BOOST_AUTO_TEST_CASE(it_says_that_there_is_nothing_or_that_it_cannot_be_known) {
  Tool tool(tiers);
  const auto nothing = tool.answer({"explain-key", "tiers", "absent"});
  BOOST_TEST(nothing.starts_with("1 tiered tiers"), nothing);
  BOOST_TEST(tells(nothing, "; nothing\n"), nothing);
  BOOST_TEST(tool.answer({"explain-key", "shop", "absent"}).starts_with("1 redis shop"));
  BOOST_TEST(tool.complaint({"explain-key", "nobody", "key"}).starts_with("2 "));
  tool.server.stop();
  const auto unknown = tool.answer({"explain-key", "shop", "absent"});
  BOOST_TEST(unknown.starts_with("4 redis shop"), unknown);
  BOOST_TEST(tells(unknown, "failed: "), unknown);
}

BOOST_AUTO_TEST_CASE(keys_of_any_bytes_are_shown_readable) {
  Tool tool("- {class: MemoryCache, entries: [{interface: ICache, name: memory}]}\n");
  const auto told = tool.answer({"explain-key", "memory", "a\nb\xff"});
  BOOST_TEST(told.starts_with("1 memory memory"), told);
  BOOST_TEST(tells(told, "a\\nb\\xff"), told);
  BOOST_TEST(tool.answer({"--json", "explain-key", "memory", "a\nb\xff"}).starts_with("1 {"));
}

BOOST_AUTO_TEST_SUITE_END()
