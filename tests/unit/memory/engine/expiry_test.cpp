#include "unit/memory/test_engine.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>
#include <vector>

using namespace cachesite;
using namespace std::chrono_literals;
using cachesite::test::all_policies;
using cachesite::test::CountingPages;
using cachesite::test::engine_options;
using cachesite::test::TestEngine;

BOOST_AUTO_TEST_SUITE(expiry)

BOOST_AUTO_TEST_CASE(an_entry_ends_at_the_millisecond) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 100));
    for (const std::uint64_t time_to_live : {1U, 2U, 999U, 86'400'000U}) {
      engine.set("key", "value", time_to_live);
      engine.let_pass(std::chrono::milliseconds(time_to_live) - 1us);
      BOOST_TEST(engine.get("key") == "value");
      BOOST_TEST(engine->contains("key"));
      engine.let_pass(1us);
      BOOST_TEST(!engine->contains("key"));
      BOOST_TEST(engine.get("key") == "(miss)");
      BOOST_TEST(!engine->remove("key"));
    }
  }
}

// A tick is a quarter of a millisecond.
BOOST_AUTO_TEST_CASE(the_time_left_is_told_in_whole_milliseconds_and_never_as_none) {
  for (const auto policy : all_policies) {
    for (const std::string& value : {std::string("small"), std::string(10'000, 'x')}) {
      TestEngine engine(engine_options(policy, 100));
      BOOST_REQUIRE(engine.set("key", value, 3));
      for (int quarters = 0; quarters < 12; ++quarters) {
        const auto remaining = engine->remaining("key");
        BOOST_TEST((remaining.state == Remaining::State::expires));
        BOOST_TEST(remaining.left.count() == std::max(1, (12 - quarters) / 4));
        engine.let_pass(249us);
        BOOST_TEST(engine->remaining("key").left.count() >= 1);
        engine.let_pass(1us);
      }
      BOOST_TEST((engine->remaining("key").state == Remaining::State::absent));
      BOOST_TEST((engine->remaining("nobody").state == Remaining::State::absent));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_entry_written_between_two_ticks_is_at_most_a_tick_late) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 100));
    engine.let_pass(100us);
    engine.set("key", "value", 5);
    engine.let_pass(5ms - 1us);
    BOOST_TEST(engine.get("key") == "value");
    engine.let_pass(251us);
    BOOST_TEST(engine.get("key") == "(miss)");
  }
}

BOOST_AUTO_TEST_CASE(the_longest_ttl_and_no_end_at_all_are_kept) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 100));
    constexpr std::uint64_t ten_years = 315'576'000'000;
    engine.set("long", "value", ten_years);
    engine.set("endless", "value", memory::Engine::endless);
    BOOST_TEST((engine->remaining("long").left == std::chrono::milliseconds(ten_years)));
    BOOST_TEST((engine->remaining("endless").state == Remaining::State::no_expiry));
    engine.let_pass(std::chrono::milliseconds(ten_years) - 1ms);
    BOOST_TEST(engine.get("long") == "value");
    engine.set("late", "written when ticks no longer fit into a header", 1000);
    engine.let_pass(1ms);
    BOOST_TEST(engine.get("long") == "(miss)");
    BOOST_TEST(engine.get("endless") == "value");
    BOOST_TEST(engine.get("late").size() == 46U);
    engine.let_pass(1s);
    BOOST_TEST(engine.get("late") == "(miss)");
  }
}

BOOST_AUTO_TEST_CASE(a_ttl_can_be_changed_and_taken_away) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 100));
    const std::string large(10'000, 'x');
    for (const std::string& value : {std::string("small"), large}) {
      engine.set("key", value, 100);
      BOOST_TEST(engine->expire("key", 1000));
      engine.let_pass(500ms);
      BOOST_TEST((engine.get("key") == value));
      BOOST_TEST(engine->expire("key", 315'576'000'000));
      BOOST_TEST((engine.get("key") == value));
      BOOST_TEST(engine->expire("key", memory::Engine::endless));
      BOOST_TEST((engine->remaining("key").state == Remaining::State::no_expiry));
      BOOST_TEST((engine.get("key") == value));
      BOOST_TEST(engine->expire("key", 10));
      engine.let_pass(10ms);
      BOOST_TEST(!engine->expire("key", 10));
      BOOST_TEST(engine.get("key") == "(miss)");
    }
    BOOST_TEST(!engine->expire("nobody", 10));
  }
}

BOOST_AUTO_TEST_CASE(an_entry_that_is_not_used_ends_with_its_idle_time) {
  for (const auto policy : all_policies) {
    auto options = engine_options(policy, 100);
    options.time_to_idle = 100ms;
    TestEngine engine(std::move(options));
    engine.set("used", "1", 10'000);
    engine.set("idle", "1", 10'000);
    engine.set("short", "1", 150);
    for (int i = 0; i < 4; ++i) {
      engine.let_pass(50ms);
      engine.get("used");
      engine.get("short");
    }
    BOOST_TEST(engine.get("used") == "1");
    BOOST_TEST(engine.get("idle") == "(miss)");
    BOOST_TEST(engine.get("short") == "(miss)");
    engine.let_pass(100ms);
    BOOST_TEST(engine.get("used") == "(miss)");
  }
}

struct Question {
  const char* name;
  std::function<bool(memory::Engine&)> finds;
};

// Each way to learn whether an entry is there.
const Question questions[] = {
    {"read",
     [](memory::Engine& engine) {
       Value value;
       return engine.read("key", value) == Found::hit;
     }},
    {"read_many",
     [](memory::Engine& engine) {
       const std::string_view keys[] = {"key"};
       Found found[1]{};
       Value values[1];
       engine.read_many(keys, found, values);
       return found[0] == Found::hit;
     }},
    {"contains", [](memory::Engine& engine) { return engine.contains("key"); }},
    {"remaining",
     [](memory::Engine& engine) { return engine.remaining("key").state != Remaining::State::absent; }},
    {"add",
     [](memory::Engine& engine) {
       return engine.write_if(memory::WriteCondition::absent, "key", ByteView("2"), 1000) ==
              memory::WriteOutcome::unchanged;
     }},
    {"replace",
     [](memory::Engine& engine) {
       return engine.write_if(memory::WriteCondition::present, "key", ByteView("2"), 1000) ==
              memory::WriteOutcome::stored;
     }},
    {"increment",
     [](memory::Engine& engine) {
       std::int64_t sum = 0;
       engine.increment("key", 1, 1000, sum);
       return sum == 2;
     }},
    {"remove", [](memory::Engine& engine) { return engine.remove("key"); }},
    {"expire", [](memory::Engine& engine) { return engine.expire("key", 1000); }},
    {"a scan",
     [](memory::Engine& engine) {
       bool found = false;
       memory::Engine::ScanCursor place;
       while (!place.finished)
         engine.scan(place, [&found](std::string_view) { found = true; });
       return found;
     }},
};

BOOST_AUTO_TEST_CASE(an_entry_that_ended_for_want_of_use_is_found_by_no_call) {
  for (const auto policy : all_policies) {
    for (const std::uint64_t time_to_live : {std::uint64_t{10'000}, memory::Engine::endless}) {
      for (const auto& [name, finds] : questions) {
        BOOST_TEST_CONTEXT(name) {
          auto options = engine_options(policy, 100);
          options.time_to_idle = 100ms;
          for (const bool is_idle : {false, true}) {
            TestEngine engine(options);
            engine.set("key", "1", time_to_live);
            engine.let_pass(100ms - (is_idle ? 0us : 1us));
            BOOST_TEST(finds(*engine) == !is_idle);
          }
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_expired_entry_goes_before_a_living_one) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 10));
    for (int i = 0; i < 10; ++i)
      engine.set("key" + std::to_string(i), "1", i == 5 ? 10 : 1000);
    engine.let_pass(10ms);
    engine.set("fresh", "1");
    for (int i = 0; i < 10; ++i)
      BOOST_TEST(engine.get("key" + std::to_string(i)) == (i == 5 ? "(miss)" : "1"));
    BOOST_TEST(engine->statistics().evictions == 0U);
  }
}

BOOST_AUTO_TEST_CASE(writes_sweep_what_is_over_and_memory_returns) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 200'000));
    const auto empty = engine->statistics().bytes;
    for (int i = 0; i < 100'000; ++i)
      engine.set("key" + std::to_string(i), std::string(64, 'v'), 1000);
    const auto full = engine->statistics().bytes;
    BOOST_TEST(full > empty + 100'000 * 64);
    engine.let_pass(1s);
    // Each write sweeps a bounded number of entries, now and then in a shard that is not its own.
    for (int i = 0; i < 300'000; ++i)
      engine.set("new" + std::to_string(i % 100), "value");
    BOOST_TEST(engine->statistics().entries == 100U);
    BOOST_TEST(engine->statistics().expirations == 100'000U);
    BOOST_TEST(engine->statistics().bytes < full / 2);
  }
}

BOOST_AUTO_TEST_CASE(overwriting_one_key_gives_back_the_memory_of_all_that_ended_in_short_slices) {
  const auto pages = std::make_shared<CountingPages>();
  auto options = engine_options(EvictionPolicy::tinylfu, 100'000);
  options.pages = pages;
  options.most_shards = 1;
  TestEngine engine(std::move(options));
  for (int i = 0; i < 100'000; ++i)
    engine.set("key" + std::to_string(i), std::string(64, 'v'), 1000);
  const auto full = engine->statistics().bytes;
  engine.let_pass(1s);
  engine.set("one", "value");
  pages->longest = 0;
  for (int i = 0; i < 50'000; ++i)
    engine.set("one", "value");
  BOOST_TEST(engine->statistics().entries == 1U);
  BOOST_TEST(engine->statistics().bytes < full / 100);
  BOOST_TEST(pages->discarded > full / 2);
  BOOST_TEST(pages->longest <= 128U * 1024);
}

struct Meeting {
  const char* name;
  std::function<void(memory::Engine&)> act;
};

// Each way in which a call meets an entry that has ended, alone and with calls before and behind it.
const Meeting meetings[] = {
    {"read",
     [](memory::Engine& engine) {
       Value value;
       engine.read("key", value);
     }},
    {"read_many",
     [](memory::Engine& engine) {
       const std::string_view keys[] = {"other", "key"};
       Found found[2]{};
       Value values[2];
       engine.read_many(keys, found, values);
     }},
    {"contains", [](memory::Engine& engine) { engine.contains("key"); }},
    {"remaining", [](memory::Engine& engine) { engine.remaining("key"); }},
    {"write", [](memory::Engine& engine) { engine.write("key", ByteView("value"), 1'000'000); }},
    {"write of another length",
     [](memory::Engine& engine) { engine.write("key", ByteView(std::string(100, 'v')), 1'000'000); }},
    {"write of a long value",
     [](memory::Engine& engine) { engine.write("key", ByteView(std::string(10'000, 'v')), 1'000'000); }},
    {"write of a null", [](memory::Engine& engine) { engine.write("key", std::nullopt, 1'000'000); }},
    {"add",
     [](memory::Engine& engine) {
       engine.write_if(memory::WriteCondition::absent, "key", ByteView("value"), 1'000'000);
     }},
    {"replace",
     [](memory::Engine& engine) {
       engine.write_if(memory::WriteCondition::present, "key", ByteView("value"), 1'000'000);
     }},
    {"increment",
     [](memory::Engine& engine) {
       std::int64_t sum = 0;
       engine.increment("key", 1, 1'000'000, sum);
     }},
    {"remove", [](memory::Engine& engine) { engine.remove("key"); }},
    {"expire", [](memory::Engine& engine) { engine.expire("key", 1'000'000); }},
    {"persist", [](memory::Engine& engine) { engine.persist("key"); }},
    {"upkeep", [](memory::Engine& engine) { engine.upkeep(1); }},
    {"a scan",
     [](memory::Engine& engine) {
       memory::Engine::ScanCursor place;
       while (!place.finished)
         engine.scan(place, [](std::string_view) {});
     }},
    {"writes of others",
     [](memory::Engine& engine) {
       for (int i = 0; i < 100; ++i)
         engine.write("more" + std::to_string(i), ByteView("value"), 1'000'000);
     }},
};

BOOST_AUTO_TEST_CASE(the_end_of_an_entry_is_told_once_whoever_meets_it_first) {
  for (const auto policy : all_policies) {
    for (const auto& [name, act] : meetings) {
      for (const std::string& value : {std::string("value"), std::string(10'000, 'x')}) {
        BOOST_TEST_CONTEXT(name << ", " << value.size() << " bytes") {
          std::vector<std::pair<std::string, RemovalCause>> heard;
          auto options = engine_options(policy, 1000);
          options.listener = [&heard](std::string_view key, RemovalCause cause) {
            heard.emplace_back(key, cause);
          };
          TestEngine engine(std::move(options));
          BOOST_REQUIRE(engine.set("other", "value", 1'000'000));
          BOOST_REQUIRE(engine.set("key", value, 10));
          engine.let_pass(10ms);
          act(*engine);
          // At the latest the next sweep meets it.
          engine->upkeep(10);
          BOOST_REQUIRE(heard.size() == 1U);
          BOOST_TEST(heard.front().first == "key");
          BOOST_TEST((heard.front().second == RemovalCause::expired));
          const auto statistics = engine->statistics();
          BOOST_TEST(statistics.expirations == 1U);
          BOOST_TEST(statistics.evictions + statistics.removals + statistics.replacements == 0U);
          BOOST_TEST(statistics.entries == statistics.inserts - 1);
        }
      }
    }
  }
}

// Each way in which an entry gets an end, here of 10 ms.
const Meeting endings[] = {
    {"write", [](memory::Engine& engine) { engine.write("key", ByteView("value"), 10); }},
    {"write of a long value",
     [](memory::Engine& engine) { engine.write("key", ByteView(std::string(10'000, 'v')), 10); }},
    {"write over an entry without end",
     [](memory::Engine& engine) {
       engine.write("key", ByteView("value"), memory::Engine::endless);
       engine.write("key", ByteView("other"), 10);
     }},
    {"write over a longer end",
     [](memory::Engine& engine) {
       engine.write("key", ByteView("value"), 1'000'000);
       engine.write("key", ByteView("other"), 10);
     }},
    {"write over a longer value",
     [](memory::Engine& engine) {
       engine.write("key", ByteView(std::string(10'000, 'v')), 1'000'000);
       engine.write("key", ByteView("other"), 10);
     }},
    {"add",
     [](memory::Engine& engine) {
       engine.write_if(memory::WriteCondition::absent, "key", ByteView("value"), 10);
     }},
    {"replace",
     [](memory::Engine& engine) {
       engine.write("key", ByteView("value"), 1'000'000);
       engine.write_if(memory::WriteCondition::present, "key", ByteView("other"), 10);
     }},
    {"increment",
     [](memory::Engine& engine) {
       std::int64_t sum = 0;
       engine.increment("key", 1, 10, sum);
     }},
    {"increment of a counter that ends",
     [](memory::Engine& engine) {
       std::int64_t sum = 0;
       engine.increment("key", 9, 10, sum);
       engine.increment("key", 1, 1'000'000, sum);
     }},
    {"expire",
     [](memory::Engine& engine) {
       engine.write("key", ByteView("value"), 1'000'000);
       engine.expire("key", 10);
     }},
    {"expire of an entry without end",
     [](memory::Engine& engine) {
       engine.write("key", ByteView("value"), memory::Engine::endless);
       engine.expire("key", 10);
     }},
    {"expire after persist",
     [](memory::Engine& engine) {
       engine.write("key", ByteView("value"), 1'000'000);
       engine.persist("key");
       engine.expire("key", 10);
     }},
};

BOOST_AUTO_TEST_CASE(a_sweep_hears_of_every_end_however_it_was_given) {
  for (const auto policy : all_policies) {
    for (const auto& [name, act] : endings) {
      for (const bool listens : {false, true}) {
        BOOST_TEST_CONTEXT(name << (listens ? ", with a listener" : "")) {
          int heard = 0;
          auto options = engine_options(policy, 1000);
          if (listens)
            options.listener = [&heard](std::string_view, RemovalCause cause) {
              heard += cause == RemovalCause::expired ? 1 : 0;
            };
          TestEngine engine(std::move(options));
          engine.set("other", "value", memory::Engine::endless);
          // The sweep has been everywhere before.
          engine->upkeep(4);
          act(*engine);
          engine.let_pass(10ms - 1us);
          engine->upkeep(4);
          BOOST_TEST(engine->statistics().expirations == 0U);
          BOOST_TEST(engine->contains("key"));
          engine.let_pass(1us);
          engine->upkeep(4);
          BOOST_TEST(engine->statistics().expirations == 1U);
          BOOST_TEST(engine->statistics().entries == 1U);
          BOOST_TEST(heard == (listens ? 1 : 0));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(writes_tell_of_all_that_ended_within_as_many_writes_as_there_are_entries) {
  for (const auto policy : all_policies) {
    std::map<RemovalCause, int> heard;
    auto options = engine_options(policy, 1000);
    options.listener = [&heard](std::string_view, RemovalCause cause) { ++heard[cause]; };
    TestEngine engine(std::move(options));
    for (int i = 0; i < 100; ++i)
      engine.set("key" + std::to_string(i), "value", 10);
    engine.set("one", "value", 1'000'000);
    engine.let_pass(10ms);
    for (int i = 0; i < 100; ++i)
      engine.set("one", "value", 1'000'000);
    BOOST_TEST(heard[RemovalCause::expired] == 100);
    BOOST_TEST(heard[RemovalCause::replaced] == 100);
    BOOST_TEST(heard.size() == 2U);
  }
}

BOOST_AUTO_TEST_CASE(reads_alone_drop_what_they_meet) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 1000));
    for (int i = 0; i < 100; ++i)
      engine.set("key" + std::to_string(i), "value", 1000);
    engine.let_pass(1s);
    for (int i = 0; i < 100; ++i)
      engine.get("key" + std::to_string(i));
    BOOST_TEST(engine->statistics().entries == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_machine_on_which_each_answer_of_the_clock_is_too_old_reads_what_is_there) {
  for (const auto policy : all_policies) {
    auto options = engine_options(policy, 100);
    options.clock_cycles = 0;
    memory::Engine engine(options);
    Value value;
    BOOST_TEST((engine.write("key", ByteView("value"), 60'000) == memory::WriteOutcome::stored));
    BOOST_TEST((engine.read("key", value) == Found::hit));
    BOOST_TEST(value.text() == "value");
    BOOST_TEST((engine.read("other", value) == Found::miss));
  }
}

BOOST_AUTO_TEST_SUITE_END()
