#include "support/wait_until.hpp"
#include "unit/layers/remember/moody_cache.hpp"

#include <cachesite/cached_function.hpp>
#include <cachesite/evicting_function.hpp>
#include <cachesite/json_serializer.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/remember_cache.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::MoodyCache;
using test::wait_until;

namespace {

struct World {
  World() {
    RememberCacheOptions options;
    options.over = Reference<ICache>(below);
    cache = std::make_shared<RememberCache>(options);
  }
  // The time that an entry still has, in whole seconds rounded up.
  std::int64_t seconds(std::string_view key) const {
    return std::chrono::ceil<std::chrono::seconds>(below->time_to_live(key).value().left).count();
  }

  std::shared_ptr<MoodyCache> below = std::make_shared<MoodyCache>();
  std::shared_ptr<RememberCache> cache;
  std::atomic<int> runs{0};
};

// Neither comparable nor printable: no part of a key.
struct Database {
  int users = 3;
};

int twice(int number) {
  return 2 * number;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cached_function)

BOOST_AUTO_TEST_CASE(a_function_runs_once_for_each_key) {
  World world;
  const auto find_user = cached(world.cache, "user:{id}", 5min,
                                [&](int id) {
                                  ++world.runs;
                                  return "user " + std::to_string(id);
                                },
                                {.names = {"id"}});
  BOOST_TEST(find_user(42) == "user 42");
  BOOST_TEST(find_user(42) == "user 42");
  BOOST_TEST(find_user(43) == "user 43");
  BOOST_TEST(world.runs == 2);
  BOOST_TEST(world.below->get("user:42").value().text() == "user 42");
  BOOST_TEST(world.seconds("user:42") == 300);
  BOOST_TEST(find_user.key(42) == "user:42");
}

BOOST_AUTO_TEST_CASE(functions_of_all_kinds_can_be_cached) {
  World world;
  const auto plain = cached<JsonSerializer>(world.cache, "twice:{0}", 1min, twice);
  BOOST_TEST(plain(21) == 42);
  BOOST_TEST(plain(21) == 42);
  const auto nothing = cached<JsonSerializer>(world.cache, "nothing", 1min, [] { return 1.5; });
  BOOST_TEST(nothing() == 1.5);
  const auto by_reference = cached<JsonSerializer>(
      world.cache, "{0}:{1}", 1min,
      [](const std::string& left, std::string_view right) { return left + std::string(right); });
  BOOST_TEST(by_reference("a", "b") == "ab");
  BOOST_TEST(world.below->get("a:b").value().text() == "\"ab\"");
  const std::function<int(int)> function = twice;
  BOOST_TEST(cached<JsonSerializer>(world.cache, "function:{0}", 1min, function)(4) == 8);
}

BOOST_AUTO_TEST_CASE(
    weakness_24_arguments_that_are_not_in_the_key_make_no_difference_and_may_be_of_any_type) {
  World world;
  const auto count = cached<JsonSerializer>(world.cache, "users:{country}", 1min,
                                            [&](const Database& database, const std::string& country) {
                                              ++world.runs;
                                              return database.users + static_cast<int>(country.size());
                                            },
                                            {.names = {"", "country"}});
  const Database one{3};
  const Database two{5};
  BOOST_TEST(count(one, "pl") == 5);
  BOOST_TEST(count(two, "pl") == 5);
  BOOST_TEST(world.runs == 1);
  BOOST_TEST(count.key(one, "pl") == count.key(two, std::string("p") + "l"));
  BOOST_CHECK_THROW((void)cached<JsonSerializer>(world.cache, "users:{0}", 1min,
                                                 [](const Database& database) { return database.users; }),
                    std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_refused_when_the_function_is_made) {
  World world;
  const auto function = [](int id) { return std::to_string(id); };
  BOOST_CHECK_THROW((void)cached(world.cache, "{name}", 1min, function, {.names = {"id"}}),
                    std::invalid_argument);
  BOOST_CHECK_THROW((void)cached(world.cache, "{0", 1min, function), std::invalid_argument);
  BOOST_CHECK_THROW((void)cached(world.cache, "{0}", 0s, function), std::invalid_argument);
  BOOST_CHECK_THROW((void)cached(world.cache, "{0}", 1min, function, {.null_time_to_live = TimeToLive(0s)}),
                    std::invalid_argument);
  BOOST_CHECK_THROW((void)cached(nullptr, "{0}", 1min, function), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_key_may_be_a_function_of_the_arguments) {
  World world;
  const auto function = cached<JsonSerializer>(
      world.cache, [](int number) { return "k" + std::to_string(number % 10); }, 1min, twice);
  BOOST_TEST(function(3) == 6);
  BOOST_TEST(function(13) == 6);  // the same key
  BOOST_TEST(world.below->contains("k3").value());
}

BOOST_AUTO_TEST_CASE(the_ttl_may_be_a_function_of_the_arguments_or_of_the_result) {
  World world;
  const auto of_arguments = cached<JsonSerializer>(
      world.cache, "a{0}", [](int number) { return TimeToLive(std::chrono::seconds(number)); }, twice);
  (void)of_arguments(30);
  BOOST_TEST(world.seconds("a30") == 30);

  const auto of_result = cached(
      world.cache, "b", [](const std::string& text) { return std::chrono::seconds(text.size()); },
      [] { return std::string("four"); });
  (void)of_result();
  BOOST_TEST(world.seconds("b") == 4);

  const auto of_both = cached(
      world.cache, "c",
      [](const std::string& text, int number) {
        return std::chrono::seconds(static_cast<int>(text.size()) + number);
      },
      [](int) { return std::string("four"); }, {.names = {""}});
  (void)of_both(10);
  BOOST_TEST(world.seconds("c") == 14);
}

BOOST_AUTO_TEST_CASE(weakness_20_an_invalid_ttl_of_the_arguments_is_refused_before_the_function_runs) {
  World world;
  const auto function = cached<JsonSerializer>(
      world.cache, "{0}", [](int number) { return std::chrono::seconds(number); },
      [&](int number) {
        ++world.runs;
        return number;
      },
      {.on_error = OnCacheError::execute});
  BOOST_CHECK_THROW((void)function(0), CacheError);
  BOOST_TEST(world.runs == 0);
  BOOST_TEST(function(1) == 1);
}

BOOST_AUTO_TEST_CASE(an_invalid_ttl_of_the_result_loses_no_result) {
  World world;
  std::vector<std::string> told;
  const auto function =
      cached<JsonSerializer>(world.cache, "{0}", [](int, int) { return 0s; }, twice,
                             {.report = [&](const Error& error) { told.emplace_back(error.message()); }});
  BOOST_TEST(function(4) == 8);
  BOOST_TEST(told.size() == 1U);
  BOOST_TEST(world.below->get("4").miss());
}

BOOST_AUTO_TEST_CASE(bypass_is_a_forced_refresh_and_skip_is_a_call_without_the_cache) {
  World world;
  bool refresh = false;
  bool without = false;
  const auto count =
      cached<JsonSerializer>(world.cache, "count", 1min, [&] { return ++world.runs; },
                             {.bypass = [&] { return refresh; }, .skip = [&] { return without; }});
  BOOST_TEST(count() == 1);
  BOOST_TEST(count() == 1);
  refresh = true;
  BOOST_TEST(count() == 2);
  refresh = false;
  BOOST_TEST(count() == 2);
  without = true;
  BOOST_TEST(count() == 3);
  without = false;
  BOOST_TEST(count() == 2);  // the third was not stored
}

BOOST_AUTO_TEST_CASE(invalidate_removes_the_result_of_its_arguments) {
  World world;
  const auto function = cached(world.cache, "{1}:{0}", 1min, [&](int number, const std::string&) {
    ++world.runs;
    return std::to_string(number);
  });
  (void)function(1, "a");
  (void)function(2, "a");
  BOOST_TEST(function.invalidate(1, "a").value());
  BOOST_TEST(!function.invalidate(1, "a").value());
  (void)function(1, "a");
  (void)function(2, "a");
  BOOST_TEST(world.runs == 3);
}

BOOST_AUTO_TEST_CASE(a_null_result_is_cached_for_its_own_time) {
  World world;
  const auto find = [&](int) -> std::optional<std::string> {
    ++world.runs;
    return std::nullopt;
  };
  const auto by_default = cached(world.cache, "a{0}", 20s, find);
  BOOST_TEST(!by_default(1).has_value());
  BOOST_TEST(!by_default(1).has_value());
  BOOST_TEST(world.runs == 1);
  BOOST_TEST(world.seconds("a1") == 2);
  const auto as_long = cached(world.cache, "b{0}", 20s, find, {.null_time_to_live = TimeToLive(20s)});
  (void)as_long(1);
  BOOST_TEST(world.seconds("b1") == 20);
}

BOOST_AUTO_TEST_CASE(a_function_without_nulls_computes_what_another_one_stored_as_null) {
  World world;
  BOOST_TEST(world.cache->set_value("k", std::nullopt, 1min));
  const auto function = cached(world.cache, "k", 1min, [] { return std::string("v"); });
  BOOST_TEST(function() == "v");
  BOOST_TEST(world.below->get("k").value().text() == "v");
}

BOOST_AUTO_TEST_CASE(it_shares_entries_with_a_typed_cache) {
  World world;
  TypedCache<std::vector<int>, JsonSerializer> typed(world.cache);
  const auto function = cached<JsonSerializer>(world.cache, "list:{0}", 1min, [&](int number) {
    ++world.runs;
    return std::optional(std::vector<int>{number});
  });
  typed.set_value("list:1", std::vector<int>{7}, 1min);
  typed.set_value("list:2", std::nullopt, 1min);
  BOOST_TEST((function(1) == std::vector<int>{7}));
  BOOST_TEST(!function(2).has_value());
  BOOST_TEST(world.runs == 0);
  (void)function(3);
  BOOST_TEST((typed.get("list:3").value() == std::vector<int>{3}));
}

BOOST_AUTO_TEST_CASE(exceptions_of_the_function_reach_the_caller_as_they_are) {
  World world;
  struct NoDatabase : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  for (const auto choice : {OnCacheError::raise, OnCacheError::execute}) {
    const auto function = cached(world.cache, "k", 1min,
                                 [&]() -> std::string {
                                   ++world.runs;
                                   throw NoDatabase("gone");
                                 },
                                 {.on_error = choice});
    BOOST_CHECK_THROW((void)function(), NoDatabase);
  }
  BOOST_TEST(world.runs == 2);
  BOOST_TEST(world.below->writes == 0);
}

BOOST_AUTO_TEST_CASE(who_waited_for_a_function_that_threw_gets_a_cache_error_with_its_text) {
  World world;
  const auto function = cached(world.cache, "k", 1min,
                               [&]() -> std::string {
                                 ++world.runs;
                                 wait_until([&] { return world.cache->statistics().stampede_waits == 3; });
                                 throw std::runtime_error("gone");
                               },
                               {.on_error = OnCacheError::execute});
  std::atomic<int> told{0};
  std::vector<std::thread> callers;
  for (int thread = 0; thread < 4; ++thread)
    callers.emplace_back([&] {
      try {
        (void)function();
      } catch (const CacheError& error) {
        if (error.error().code() == ErrorCode::not_computed && error.error().message() == "gone") ++told;
      } catch (const std::runtime_error&) {
      }
    });
  for (auto& caller : callers)
    caller.join();
  BOOST_TEST(world.runs == 1);
  BOOST_TEST(told == 3);
}

BOOST_AUTO_TEST_CASE(weakness_31_sixty_four_callers_run_the_function_once_even_while_the_cache_is_dead) {
  for (const bool dead : {false, true}) {
    World world;
    world.below->reads_fail = dead;
    world.below->writes_fail = dead;
    const auto function =
        cached<JsonSerializer>(world.cache, "{0}", 1min,
                               [&](int number) {
                                 ++world.runs;
                                 wait_until([&] { return world.cache->statistics().stampede_waits == 63; });
                                 return number;
                               },
                               {.on_error = OnCacheError::execute});
    std::vector<std::thread> callers;
    std::atomic<int> right{0};
    for (int thread = 0; thread < 64; ++thread)
      callers.emplace_back([&] { right += function(7) == 7; });
    for (auto& caller : callers)
      caller.join();
    BOOST_TEST(world.runs == 1);
    BOOST_TEST(right == 64);
  }
}

BOOST_AUTO_TEST_CASE(weakness_33_raise_throws_before_the_function_runs_and_never_loses_a_result) {
  for (const bool computing : {true, false}) {
    World world;
    const auto cache = computing ? std::shared_ptr<ICache>(world.cache) : world.below;
    std::vector<std::string> told;
    const auto function =
        cached<JsonSerializer>(cache, "{0}", 1min,
                               [&](int number) {
                                 ++world.runs;
                                 return number;
                               },
                               {.on_error = OnCacheError::raise,
                                .report = [&](const Error& error) { told.emplace_back(error.message()); }});
    world.below->reads_fail = true;
    BOOST_CHECK_THROW((void)function(1), CacheError);
    BOOST_TEST(world.runs == 0);
    world.below->reads_fail = false;
    world.below->writes_fail = true;
    BOOST_TEST(function(1) == 1);
    BOOST_TEST(told.size() == 1U);
    BOOST_TEST(told.at(0) == "the server is away");
  }
}

BOOST_AUTO_TEST_CASE(weakness_33_execute_writes_back_after_a_failed_read_and_tells_of_every_failure) {
  for (const bool computing : {true, false}) {
    World world;
    const auto cache = computing ? std::shared_ptr<ICache>(world.cache) : world.below;
    int told = 0;
    const auto function =
        cached<JsonSerializer>(cache, "{0}", 1min, twice,
                               {.on_error = OnCacheError::execute, .report = [&](const Error&) { ++told; }});
    world.below->reads_fail = true;
    BOOST_TEST(function(2) == 4);
    BOOST_TEST(told == 1);
    BOOST_TEST(world.below->writes == 1);
    world.below->reads_fail = false;
    BOOST_TEST(world.cache->get("2").value().text() == "4");
    world.cache->stop();
    world.below->stop();
    BOOST_TEST(function(2) == 4);
    BOOST_TEST(told >= 2);
  }
}

BOOST_AUTO_TEST_CASE(an_evicting_function_removes_the_entry_after_it_has_succeeded_and_only_then) {
  World world;
  std::string name = "Ada";
  const auto find = cached(world.cache, "user:{id}", 1min, [&](int) { return name; }, {.names = {"id"}});
  const auto rename = evicting(world.cache, "user:{id}",
                               [&](const std::string& to, int) {
                                 if (to.empty()) throw std::invalid_argument("nobody has no name");
                                 BOOST_TEST(world.below->contains("user:42").value());
                                 name = to;
                               },
                               {.names = {"", "id"}});
  BOOST_TEST(find(42) == "Ada");
  BOOST_CHECK_THROW(rename("", 42), std::invalid_argument);
  BOOST_TEST(world.below->contains("user:42").value());
  rename("Grace", 42);
  BOOST_TEST(find(42) == "Grace");

  const auto next = evicting(world.cache, "user:{0}", [](int id) { return id + 1; });
  BOOST_TEST(next(42) == 43);
  BOOST_TEST(!world.below->contains("user:42").value());
}

BOOST_AUTO_TEST_CASE(weakness_24_an_evicting_function_has_its_key_before_it_changes_anything) {
  World world;
  const auto change = evicting(
      world.cache, [](int) -> std::string { throw std::runtime_error("no key"); },
      [&](int) { ++world.runs; });
  BOOST_CHECK_THROW(change(1), std::runtime_error);
  BOOST_TEST(world.runs == 0);
  BOOST_CHECK_THROW((void)evicting(world.cache, "{1}", [](int) {}), std::invalid_argument);
  int told = 0;
  const auto kept =
      evicting(world.cache, "{0}", [](int id) { return id; }, {.report = [&](const Error&) { ++told; }});
  world.cache->stop();
  BOOST_TEST(kept(1) == 1);
  BOOST_TEST(told == 1);
}

BOOST_AUTO_TEST_SUITE_END()
