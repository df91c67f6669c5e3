// Entries that are kept after their end: found by reads that ask for them, and by no others.

#include "unit/memory/test_engine.hpp"

#include <chrono>
#include <string>

using namespace cachesite;
using namespace std::chrono_literals;
using cachesite::test::all_policies;
using cachesite::test::engine_options;
using cachesite::test::TestEngine;

namespace {

// The value and how long ago it ended, or "(miss)".
std::string ended(TestEngine& engine, std::string_view key) {
  Value value;
  std::chrono::milliseconds age{0};
  const auto found = engine->read_ended(key, value, age);
  if (found == Found::miss) return "(miss)";
  return (found == Found::null ? "(null)" : std::string(value.text())) + " " + std::to_string(age.count());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kept_entries)

BOOST_AUTO_TEST_CASE(an_ended_entry_is_found_only_by_who_asks_for_it_and_only_as_long_as_it_is_kept) {
  for (const auto policy : all_policies)
    for (const auto& text : {std::string("small"), std::string(200, 'y'), std::string(10'000, 'x')}) {
      TestEngine engine(engine_options(policy, 100));
      engine->keep_ended(10s);
      BOOST_TEST(engine.set("key", text, 1000));
      BOOST_TEST(ended(engine, "key") == text + " 0");
      engine.let_pass(1s);
      BOOST_TEST(ended(engine, "key") == text + " 1");
      engine.let_pass(2s);
      BOOST_TEST(engine.get("key") == "(miss)");
      BOOST_TEST(!engine->contains("key"));
      BOOST_TEST(engine.keys().empty());
      BOOST_TEST(!engine->expire("key", 1000));
      BOOST_TEST(ended(engine, "key") == text + " 2000");
      engine.let_pass(8s);
      engine->upkeep(100);
      BOOST_TEST(ended(engine, "key") == "(miss)");
      BOOST_TEST(engine->size() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_null_is_kept_too) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 100));
    engine->keep_ended(10s);
    BOOST_TEST((engine->write("key", std::nullopt, 1000) == memory::WriteOutcome::stored));
    engine.let_pass(3s);
    BOOST_TEST(ended(engine, "key") == "(null) 2000");
  }
}

BOOST_AUTO_TEST_CASE(a_kept_entry_ends_by_a_write_a_removal_and_a_clearing) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 100));
    engine->keep_ended(1h);
    for (const auto* const key : {"a", "b", "c", "d"})
      engine.set(key, "old", 1000);
    engine.let_pass(2s);
    engine.set("a", "new", 10'000);
    BOOST_TEST(ended(engine, "a") == "new 0");
    BOOST_TEST((engine->write_if(memory::WriteCondition::present, "b", ByteView("new"), 1000) ==
                memory::WriteOutcome::unchanged));
    BOOST_TEST((engine->write_if(memory::WriteCondition::absent, "b", ByteView("new"), 1000) ==
                memory::WriteOutcome::stored));
    BOOST_TEST(ended(engine, "b") == "new 0");
    BOOST_TEST(!engine->remove("c"));
    BOOST_TEST(ended(engine, "c") == "(miss)");
    BOOST_TEST(ended(engine, "d") == "old 1000");
    engine->clear();
    BOOST_TEST(ended(engine, "d") == "(miss)");
  }
}

BOOST_AUTO_TEST_CASE(what_has_ended_can_be_forgotten_at_once) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 100));
    engine->keep_ended(1h);
    engine.set("ended", "v", 1000);
    engine.set("lives", "v", 3000);
    engine.let_pass(2s);
    engine->forget_ended();
    BOOST_TEST(ended(engine, "ended") == "(miss)");
    BOOST_TEST(engine.get("lives") == "v");
    engine.let_pass(2s);
    BOOST_TEST(ended(engine, "lives") == "v 1000");
  }
}

BOOST_AUTO_TEST_CASE(a_full_cache_takes_new_entries_in_place_of_kept_ones) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 100));
    engine->keep_ended(1h);
    for (int key = 0; key < 100; ++key)
      engine.set("old" + std::to_string(key), "v", 1000);
    engine.let_pass(2s);
    for (int key = 0; key < 100; ++key)
      BOOST_TEST(engine.set("new" + std::to_string(key), "v"));
    BOOST_TEST(engine->size() <= 100U);
    int found = 0;
    for (int key = 0; key < 100; ++key)
      found += engine.get("new" + std::to_string(key)) == "v" ? 1 : 0;
    BOOST_TEST(found == 100);
  }
}

BOOST_AUTO_TEST_SUITE_END()
