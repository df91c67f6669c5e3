// Values in envelopes: how a cache that keeps them is a cache like any other, and what it computes.

#include "support/wait_until.hpp"
#include "unit/layers/remember/enveloped_world.hpp"

#include <cachesite/async_remember.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace cachesite;
using namespace std::chrono_literals;
using namespace std::string_view_literals;
using test::ComputingWorld;
using test::EnvelopedWorld;
using test::MoodyCache;

namespace {

// As a server is: an asynchronous call goes down to it.
class WaitingCache final : public CacheLayer {
 public:
  using CacheLayer::CacheLayer;

 protected:
  [[nodiscard]] bool may_wait() const noexcept override { return true; }
};

// A server that stands still until it is let go.
class StandingCache final : public CacheLayer {
 public:
  using CacheLayer::CacheLayer;
  void let_go() { released_.set_value(); }

 protected:
  [[nodiscard]] bool may_wait() const noexcept override { return true; }
  void do_begin(CacheRequest& request) override {
    free_.wait();
    forward(request);
  }

 private:
  std::promise<void> released_;
  const std::shared_future<void> free_ = released_.get_future().share();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(enveloped_values)

BOOST_AUTO_TEST_CASE(the_store_has_an_envelope_that_lives_longer_than_the_value) {
  EnvelopedWorld world;
  BOOST_TEST(world.give("v").value().text() == "v");
  const auto bytes = world.stored();
  const auto envelope = world.opened(bytes);
  BOOST_TEST(envelope.value == "v");
  BOOST_TEST(envelope.stale_for.count() == 3'600'000);
  BOOST_TEST(envelope.version != 0U);
  BOOST_TEST(world.store->time_to_live("k").value().left.count() == 3'660'000);
  BOOST_TEST(world.cache->time_to_live("k").value().left.count() == 60'000);
  BOOST_TEST(world.cache->get("k").value().text() == "v");
  BOOST_TEST(world.give("other").value().text() == "v");
  BOOST_TEST(world.runs == 1);
}

BOOST_AUTO_TEST_CASE(each_write_has_a_version_of_its_own) {
  EnvelopedWorld world;
  BOOST_TEST(world.cache->write("k", "v", 1min).ok());
  const auto first = world.stored();
  BOOST_TEST(world.cache->write("k", "v", 1min).ok());
  const auto second = world.stored();
  BOOST_TEST(world.opened(first).version != world.opened(second).version);
}

// Their lower part is what tells two processes apart that write in the same millisecond.
BOOST_AUTO_TEST_CASE(and_so_has_each_process_that_was_forked) {
  EnvelopedWorld world;
  const auto part = [&] {
    (void)world.cache->write("k", "v", 1min);
    return static_cast<std::uint16_t>(world.opened(world.stored()).version);
  };
  std::uint64_t parts[3]{};
  for (auto& each : parts) {
    std::array<int, 2> ends{};
    BOOST_REQUIRE(pipe(ends.data()) == 0);
    const auto child = fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
      const auto mine = part();
      _exit(write(ends[1], &mine, sizeof mine) == sizeof mine ? 0 : 1);
    }
    std::uint16_t told = 0;
    BOOST_TEST(read(ends[0], &told, sizeof told) == static_cast<ssize_t>(sizeof told));
    BOOST_TEST(waitpid(child, nullptr, 0) == child);
    close(ends[0]);
    close(ends[1]);
    each = told;
  }
  BOOST_TEST((parts[0] != parts[1] || parts[1] != parts[2]));
}

BOOST_AUTO_TEST_CASE(a_value_whose_ttl_has_ended_is_a_miss_for_ordinary_reads) {
  EnvelopedWorld world;
  world.let_value_end();
  BOOST_TEST(world.cache->get("k").miss());
  BOOST_TEST(world.cache->get_many({"k"}).front().miss());
  BOOST_TEST(!world.cache->contains("k").value());
  BOOST_TEST((world.cache->time_to_live("k").value().state == Remaining::State::absent));
  std::array<std::string_view, 1> keys{"k"};
  std::vector<Result<Remaining>> left(1, Result<Remaining>(Remaining()));
  world.cache->time_to_live_many(keys, left);
  BOOST_TEST((left.front().value().state == Remaining::State::absent));
  BOOST_TEST(!world.cache->expire("k", 1min).value());
  BOOST_TEST(!world.cache->persist("k").value());
  BOOST_TEST(!world.cache->add("k", "new", 1min).value());  // it counts as an entry
  BOOST_TEST(world.cache->replace("k", "new", 1min).value());
  BOOST_TEST(world.cache->get("k").value().text() == "new");
}

BOOST_AUTO_TEST_CASE(reads_of_ended_values_count_as_misses) {
  EnvelopedWorld world;
  world.let_value_end();
  const auto before = world.cache->statistics();
  BOOST_TEST(world.cache->get("k").miss());
  const auto after = world.cache->statistics();
  BOOST_TEST(after.hits - before.hits == 0U);
  BOOST_TEST(after.misses - before.misses == 1U);
}

BOOST_AUTO_TEST_CASE(a_read_with_life_tells_of_an_ended_value_to_who_takes_it) {
  EnvelopedWorld world;
  world.let_value_end();
  Value value;
  EntryLife life;
  BOOST_TEST((world.cache->read_with_life("k", value, life).value() == Found::miss));
  BOOST_TEST(!life.stale);
  BOOST_TEST((life.left.state == Remaining::State::absent));
  ReadLimits limits;
  limits.accept_stale = true;
  BOOST_TEST((world.cache->read_with_life("k", value, life, limits).value() == Found::hit));
  BOOST_TEST(life.stale);
  BOOST_TEST(value.text() == "old");
  (void)world.cache->write("k", "new", 1min);
  BOOST_TEST((world.cache->read_with_life("k", value, life, limits).value() == Found::hit));
  BOOST_TEST(!life.stale);
  BOOST_TEST(life.left.left.count() == 60'000);
}

BOOST_AUTO_TEST_CASE(changes_of_the_ttl_leave_out_the_time_of_stale_values) {
  EnvelopedWorld world;
  (void)world.cache->write("k", "v", 1min);
  BOOST_TEST(world.cache->expire("k", 2min).value());
  BOOST_TEST(world.cache->time_to_live("k").value().left.count() == 120'000);
  BOOST_TEST(world.store->time_to_live("k").value().left.count() == 3'720'000);
  BOOST_TEST(world.cache->persist("k").value());
  BOOST_TEST((world.cache->time_to_live("k").value().state == Remaining::State::no_expiry));
  world.clock->advance(24h);
  BOOST_TEST(world.cache->get("k").hit());
  // Anybody may end it early.
  BOOST_TEST(world.store->expire("k", 1h).value());
  BOOST_TEST(world.cache->get("k").miss());
  BOOST_TEST(world.fail().stale());
}

BOOST_AUTO_TEST_CASE(nulls_empty_values_and_batches_have_envelopes_too) {
  EnvelopedWorld world;
  const std::string long_value(1000, 'x');
  world.cache->set_many({{"n", std::nullopt, 1min}, {"e", "", 1min}, {"l", long_value, 1min}});
  BOOST_TEST(world.opened(world.stored("n")).null);
  const auto found = world.cache->get_many({"n", "e", "l", "none"});
  BOOST_TEST(found[0].null());
  BOOST_TEST(found[1].hit());
  BOOST_TEST(found[1].value().empty());
  BOOST_TEST(found[2].value().text() == long_value);
  BOOST_TEST(found[3].miss());
  BOOST_TEST((world.cache->increment("c", 1, 1min).error().code() == ErrorCode::unsupported));
}

BOOST_AUTO_TEST_CASE(an_increment_that_is_refused_ends_no_computation) {
  EnvelopedWorld world;
  const auto found = world.cache->remember("k", 1min, [&] {
    BOOST_TEST((world.cache->increment("k", 1, 1min).error().code() == ErrorCode::unsupported));
    return "v";
  });
  BOOST_TEST(found.hit());
  BOOST_TEST(world.cache->get("k").hit());
}

BOOST_AUTO_TEST_CASE(plain_values_of_other_programs_are_read) {
  EnvelopedWorld world;
  (void)world.store->write("k", "plain", 1min);
  (void)world.store->write("n", std::nullopt, 1min);
  BOOST_TEST(world.cache->get("k").value().text() == "plain");
  BOOST_TEST(world.cache->get("n").null());
  BOOST_TEST(world.cache->time_to_live("k").value().left.count() == 60'000);
  BOOST_TEST(world.cache->expire("k", 2min).value());
  BOOST_TEST(world.store->time_to_live("k").value().left.count() == 120'000);
  world.clock->advance(2min);
  BOOST_TEST(world.fail().failed());  // nothing keeps it
}

// Acceptance test 21; failure F34; A 22.
BOOST_AUTO_TEST_CASE(a_plain_value_that_looks_like_an_envelope_is_a_miss_with_a_reason) {
  EnvelopedWorld world;
  (void)world.cache->write("good", "v", 1min);
  auto future = world.stored("good");
  future[3] = '\x02';
  auto cut = world.stored("good");
  cut.pop_back();
  auto damaged = world.stored("good");
  damaged.back() = 'w';
  std::uint64_t bad = 0;
  for (const auto& bytes : {std::string("\xC1\x43\x45"),
                            std::string("\xC1\x43\x45 and more text, of a picture"), future, cut, damaged}) {
    (void)world.store->write("k", bytes, 1min);
    BOOST_TEST(world.cache->get("k").miss());
    BOOST_TEST(world.statistics().bad_envelopes == ++bad);
    std::vector<ErrorCode> reported;
    Computation computation;
    computation.factory = [] { return Computed{"new"}; };
    computation.report = [&](const Error& error) { reported.push_back(error.code()); };
    BOOST_TEST(world.cache->remember("k", 1min, computation).value().text() == "new");
    BOOST_REQUIRE(reported.size() == 1U);
    BOOST_TEST((reported.front() == ErrorCode::corrupt));
    bad = world.statistics().bad_envelopes;
    BOOST_TEST(world.cache->get("k").value().text() == "new");
  }
}

// What must hold of issue 17: values in form plain are those of the version before, and the other way round.
BOOST_AUTO_TEST_CASE(plain_values_are_the_bytes_themselves) {
  ComputingWorld world([](auto& options) { options.stale.keep = 1h; });
  for (const auto value :
       {"v"sv, ""sv, "\xC1\x43\x45"sv, "\xC1\x43\x45\x01 begins like an envelope, and is none"sv}) {
    (void)world.cache->remove("k");
    BOOST_TEST(world.give(value).value().text() == value);
    BOOST_TEST(world.store->get("k").value().text() == value);
    BOOST_TEST(world.store->time_to_live("k").value().left.count() == 60'000);
    BOOST_TEST(world.cache->get("k").value().text() == value);
    BOOST_TEST(world.give("other").value().text() == value);
    (void)world.cache->write("w", value, 1min);
    BOOST_TEST(world.store->get("w").value().text() == value);
  }
  (void)world.cache->remember("n", 1min, [] { return std::nullopt; });
  BOOST_TEST(world.store->get("n").null());
  (void)world.store->write("k", "of the version before", 1min);
  BOOST_TEST(world.give("other").value().text() == "of the version before");
  BOOST_TEST(world.statistics().bad_envelopes == 0U);
}

BOOST_AUTO_TEST_CASE(envelopes_of_an_earlier_configuration_are_read_with_form_plain) {
  EnvelopedWorld world;
  (void)world.cache->write("k", "v", 1min);
  (void)world.cache->write("n", std::nullopt, 1min);
  const auto plain = world.another([](auto& options) {
    options.form = ValueForm::plain;
    options.stale.keep = 0ms;
  });
  BOOST_TEST(plain->get("k").value().text() == "v");
  BOOST_TEST(plain->get_many({"k", "n"})[0].value().text() == "v");
  BOOST_TEST(plain->get("n").null());
  BOOST_TEST(plain->async_get("k").wait().value().text() == "v");
  BOOST_TEST(plain->remember("k", 1min, [] { return "new"; }).value().text() == "v");
  world.clock->advance(61s);
  BOOST_TEST(plain->get("k").miss());
  BOOST_TEST(plain->async_get("k").wait().miss());
  BOOST_TEST(plain->get_many({"k"})[0].miss());
  BOOST_TEST(plain->remember("k", 1min, [] { return "new"; }).value().text() == "new");
  BOOST_TEST(world.stored() == "new");
}

BOOST_AUTO_TEST_CASE(and_each_read_of_them_counts_once) {
  EnvelopedWorld world;
  (void)world.cache->write("k", "v", 1min);
  const auto plain = world.another([](auto& options) {
    options.form = ValueForm::plain;
    options.stale.keep = 0ms;
  });
  const auto before = plain->statistics();
  BOOST_TEST(plain->get("k").hit());
  BOOST_TEST(plain->remember("k", 1min, [] { return "new"; }).hit());
  BOOST_TEST(plain->get_many({"k", "none"})[0].hit());
  const auto after = plain->statistics();
  BOOST_TEST(after.hits - before.hits == 3U);
  BOOST_TEST(after.misses - before.misses == 1U);
}

BOOST_AUTO_TEST_CASE(and_by_asynchronous_calls_of_every_kind) {
  EnvelopedWorld world;
  (void)world.cache->write("k", "v", 1min);
  (void)world.cache->write("n", std::nullopt, 1min);
  const std::shared_ptr<ICache> server = std::make_shared<WaitingCache>(world.below);
  const auto plain = world.another([&](auto& options) {
    options.form = ValueForm::plain;
    options.stale.keep = 0ms;
    options.over = Reference<ICache>(server);
  });
  ComponentContext context;
  context.clock = world.clock;
  TieredCacheOptions options;
  options.over = Reference<ICache>(std::shared_ptr<ICache>(plain));
  options.near = Reference<ICache>(std::make_shared<MemoryCache>(MemoryCacheOptions{}, context));
  const auto tiers = std::make_shared<TieredCache>(options, context);
  const std::array<std::string_view, 3> keys{"k", "n", "none"};
  std::array<Lookup, 3> found;
  BOOST_TEST(plain->async_get_many(keys, found).wait().ok());
  BOOST_TEST(found[0].value().text() == "v");
  BOOST_TEST(found[1].null());
  BOOST_TEST(found[2].miss());
  BOOST_TEST(plain->async_get("n").wait().null());
  for (int time = 0; time < 2; ++time) {
    BOOST_TEST(tiers->async_get("k").wait().value().text() == "v");
    BOOST_TEST(tiers->async_get("n").wait().null());
  }
  world.clock->advance(61s);  // the copies have ended, too
  BOOST_TEST(plain->async_get_many(keys, found).wait().ok());
  for (const auto& ended : found)
    BOOST_TEST(ended.miss());
  BOOST_TEST(plain->async_get("k").wait().miss());
  BOOST_TEST(tiers->async_get("k").wait().miss());
  BOOST_TEST(tiers->async_get("n").wait().miss());
}

BOOST_AUTO_TEST_CASE(an_ended_value_stands_in_when_the_factory_fails) {
  EnvelopedWorld world;
  world.let_value_end();
  const auto found = world.fail();
  BOOST_TEST(found.value().text() == "old");
  BOOST_TEST(found.stale());
  BOOST_TEST(world.give("new").value().text() == "old");  // throttled
  world.clock->advance(2s);
  BOOST_TEST(world.give("new").value().text() == "new");
  BOOST_TEST(world.cache->get("k").value().text() == "new");
}

BOOST_AUTO_TEST_CASE(another_process_serves_it_too_and_after_a_restart) {
  EnvelopedWorld world;
  world.let_value_end();
  const auto other = world.another();
  const auto found = other->remember("k", 1min, [] { return Error(ErrorCode::unreachable); });
  BOOST_TEST(found.stale());
  BOOST_TEST(found.value().text() == "old");
  world.clock->advance(1h);
  BOOST_TEST(world.another()->remember("k", 1min, [] { return Error(ErrorCode::unreachable); }).failed());
}

BOOST_AUTO_TEST_CASE(a_rule_may_keep_values_shorter_than_they_are_stored) {
  EnvelopedWorld world;
  world.let_value_end();
  const auto strict = world.another([](auto& options) {
    options.rules.resize(1);
    options.rules[0].match = "*";
    options.rules[0].stale = 500ms;
  });
  BOOST_TEST(strict->remember("k", 1min, [] { return Error(ErrorCode::unreachable); }).failed());
}

// Acceptance test 59.
BOOST_AUTO_TEST_CASE(an_ended_value_is_not_served_after_a_removal_even_while_its_factory_runs) {
  EnvelopedWorld world;
  world.let_value_end();
  const auto found = world.cache->remember("k", 1min, [&]() -> Result<std::string> {
    (void)world.cache->remove("k");
    return Error(ErrorCode::unreachable);
  });
  BOOST_TEST(found.failed());
  world.let_value_end();
  (void)world.cache->clear();
  BOOST_TEST(world.fail().failed());
}

BOOST_AUTO_TEST_CASE(what_came_meanwhile_stays) {
  EnvelopedWorld world;
  const auto other = world.another();
  const auto compute = [&](std::string_view meanwhile) {
    return world.cache->remember("k", 1min, [&] {
      (void)other->write("k", meanwhile, 1min);
      return "computed";
    });
  };
  BOOST_TEST(compute("foreign").value().text() == "computed");  // began with a miss
  BOOST_TEST(world.cache->get("k").value().text() == "foreign");
  world.clock->advance(61s);
  BOOST_TEST(compute("newer").value().text() == "computed");  // began with an ended value
  BOOST_TEST(world.cache->get("k").value().text() == "newer");
  world.clock->advance(61s);
  BOOST_TEST(world.cache->remember("k", 1min, [] { return std::nullopt; }).null());
  BOOST_TEST(world.cache->get("k").null());  // which had ended
}

BOOST_AUTO_TEST_CASE(a_batch_leaves_what_came_meanwhile_and_keeps_ended_values) {
  EnvelopedWorld world;
  const auto other = world.another();
  world.let_value_end();
  const std::array<std::string_view, 3> keys{"k", "new", "foreign"};
  std::array<Lookup, 3> found;
  world.cache->remember_many(
      keys, 1min,
      [&](auto missing, auto made) {
        (void)other->write("foreign", "theirs", 1min);
        for (std::size_t item = 0; item < missing.size(); ++item)
          if (missing[item] != "k") made[item] = Computed{.value = "made", .etag = "e"};
      },
      found);
  BOOST_TEST(found[0].stale());
  BOOST_TEST(found[0].value().text() == "old");
  BOOST_TEST(found[1].value().text() == "made");
  BOOST_TEST(world.opened(world.stored("new")).etag == "e");
  BOOST_TEST(found[2].value().text() == "made");
  BOOST_TEST(world.cache->get("foreign").value().text() == "theirs");
}

BOOST_AUTO_TEST_CASE(a_batch_stores_nothing_when_it_cannot_look_whether_something_came_meanwhile) {
  EnvelopedWorld world;
  const std::array<std::string_view, 2> keys{"k", "new"};
  std::array<Lookup, 2> found;
  world.let_value_end();
  const auto before = world.stored();
  std::vector<ErrorCode> reported;
  ManyComputation many;
  many.factory = [](auto, auto made) { std::fill(made.begin(), made.end(), Computed{"made"}); };
  many.report = [&](const Error& error) { reported.push_back(error.code()); };
  world.below->reads_until_failure = 2;
  world.cache->remember_many(keys, 1min, many, found);
  for (const auto& each : found)
    BOOST_TEST(each.value().text() == "made");
  BOOST_TEST(world.stored() == before);
  BOOST_TEST(!world.store->contains("new").value());
  BOOST_TEST(reported.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_factory_may_say_how_long_its_value_is_of_use) {
  EnvelopedWorld world;
  (void)world.cache->remember("k", 1min, [] {
    Computed computed{"v"};
    computed.stale_for = 5s;
    return computed;
  });
  BOOST_TEST(world.store->time_to_live("k").value().left.count() == 65'000);
  world.clock->advance(62s);
  BOOST_TEST(world.fail().stale());
  world.clock->advance(4s);
  BOOST_TEST(world.fail().failed());
}

BOOST_AUTO_TEST_CASE(but_not_longer_than_the_cache_keeps_stale_values) {
  EnvelopedWorld world;
  (void)world.cache->remember("k", 1min, [] {
    Computed computed{"v"};
    computed.stale_for = 2h;
    return computed;
  });
  BOOST_TEST(world.opened(world.stored()).stale_for.count() == 3'600'000);
  BOOST_TEST(world.store->time_to_live("k").value().left.count() == 3'660'000);
  world.clock->advance(60min);
  BOOST_TEST(world.fail().stale());
  world.clock->advance(2min);
  BOOST_TEST(world.fail().failed());
}

BOOST_AUTO_TEST_CASE(a_value_whose_age_nobody_tells_is_not_served_after_its_end) {
  EnvelopedWorld world;
  (void)world.cache->write("k", "v", 1min);
  world.below->tells_lives = false;
  const auto other = world.another();
  const auto found = other->remember("k", 1min, []() -> Result<std::string> {
    const auto begin = std::chrono::steady_clock::now();
    (void)test::wait_until([&] { return std::chrono::steady_clock::now() - begin >= 1ms; });
    return Error(ErrorCode::unreachable);
  });
  BOOST_TEST(found.failed());
}

BOOST_AUTO_TEST_CASE(tags_and_codecs_stand_below) {
  ComponentContext context;
  const auto clock = std::make_shared<test::FakeClock>();
  context.clock = clock;
  CacheOptions options;
  options.store = std::shared_ptr<ICache>(std::make_shared<MemoryCache>(MemoryCacheOptions{}, context));
  options.codec.emplace().compression = Compression::zlib;
  options.name = "shop";
  options.tags.emplace();
  options.remember.emplace().form = ValueForm::envelope;
  options.remember->stale.keep = 1h;
  const auto cache = make_cache(options, context);
  auto& computing = *find_interface<IComputingCache>(*cache);
  auto& tags = *find_interface<ITaggedCache>(*cache);
  Computation computation;
  computation.tags = {"t"};
  computation.factory = [] { return Computed{"tagged"}; };
  BOOST_TEST(computing.remember("k", 1min, computation).value().text() == "tagged");
  BOOST_TEST(cache->get("k").value().text() == "tagged");
  clock->advance(61s);
  BOOST_TEST(cache->get("k").miss());
  computation.factory = []() -> Result<Computed> { return Error(ErrorCode::unreachable); };
  BOOST_TEST(computing.remember("k", 1min, computation).stale());
  BOOST_TEST(tags.evict_tags({"t"}).ok());
  BOOST_TEST(computing.remember("k", 1min, computation).failed());
  BOOST_TEST(tags.write_tagged("w", "v", 1min, {"t"}).ok());
  BOOST_TEST(cache->get("w").value().text() == "v");
  BOOST_TEST(cache->time_to_live("w").value().left.count() == 60'000);
}

BOOST_AUTO_TEST_CASE(asynchronous_calls_do_the_same) {
  EnvelopedWorld world;
  BOOST_TEST(world.cache->async_remember("k", 1min, [] { return std::string("old"); }).wait().hit());
  BOOST_TEST(world.opened(world.stored()).value == "old");
  world.clock->advance(61s);
  BOOST_TEST(world.cache->async_get("k").wait().miss());
  const auto found =
      world.cache->async_remember("k", 1min, [] { return Error(ErrorCode::unreachable); }).wait();
  BOOST_TEST(found.stale());
  BOOST_TEST(found.value().text() == "old");
  BOOST_TEST(world.cache->async_set_value("k", "new", 1min).wait());
  BOOST_TEST(world.cache->async_get("k").wait().value().text() == "new");
}

BOOST_AUTO_TEST_CASE(what_an_awaitable_costs_is_kept_too) {
  EnvelopedWorld world;
  struct Awaitable {
    std::shared_ptr<test::FakeClock> clock;
    [[nodiscard]] bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    [[nodiscard]] std::string await_resume() const {
      clock->advance(3ms);
      return "v";
    }
  };
  BOOST_TEST(world.cache->async_remember("k", 1min, [&] { return Awaitable{world.clock}; }).wait().hit());
  BOOST_TEST(world.opened(world.stored()).cost.count() == 3000);
}

BOOST_AUTO_TEST_CASE(the_patience_of_an_asynchronous_call_holds_for_the_read_too) {
  for (const auto form : {ValueForm::envelope, ValueForm::plain}) {
    const EnvelopedWorld world;
    const auto server = std::make_shared<StandingCache>(world.below);
    const auto cache = world.another([&](auto& options) {
      options.form = form;
      options.stale.keep = 0ms;
      options.far_soft = 1h;
      options.over = Reference<ICache>(std::shared_ptr<ICache>(server));
    });
    std::atomic<int> runs{0};
    const auto found = cache
                           ->async_remember("k", 1min,
                                            [&] {
                                              ++runs;
                                              return std::string("v");
                                            },
                                            {.patience = 10ms})
                           .wait();
    BOOST_REQUIRE(found.failed());
    BOOST_TEST((found.error().code() == ErrorCode::timeout));
    server->let_go();
    BOOST_TEST(cache->async_remember("k", 1min, [] { return std::string("v"); }).wait().hit());
    BOOST_TEST(runs == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_cache_below_that_would_open_the_envelopes_is_refused) {
  ComputingWorld plain([](auto&) {});
  RememberCacheOptions options;
  options.form = ValueForm::envelope;
  options.over = Reference<ICache>(plain.cache);
  BOOST_CHECK_THROW(RememberCache{options}, std::invalid_argument);
  options.form = ValueForm::plain;
  RememberCache above(options);
  BOOST_TEST(!above.keeps_envelopes());
}

BOOST_AUTO_TEST_SUITE_END()
