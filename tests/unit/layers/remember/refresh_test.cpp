// Values that are computed again before they are missing.

#include "support/wait_until.hpp"
#include "unit/layers/remember/computing_world.hpp"

#include <cachesite/logical_cache.hpp>
#include <cachesite/memory_mutex_site.hpp>
#include <cachesite/tagged_cache.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::ComputingWorld;
using test::HangingSource;
using test::wait_until;

namespace {

void eagerly(RememberCacheOptions& options) {
  options.refresh.mode = RefreshMode::eager;
}

// A factory that gives 1, 2, 3 ...
struct Numbers {
  std::shared_ptr<std::atomic<int>> last = std::make_shared<std::atomic<int>>(0);
  std::string operator()() const { return std::to_string(++*last); }
};

std::string text(const Lookup& found) {
  return found.hit() ? std::string(found.value().text()) : "";
}

// A world whose only thread for refreshes is busy until it is released.
struct BusyWorld : ComputingWorld {
  explicit BusyWorld(const std::function<void(RememberCacheOptions&)>& change = [](auto&) {})
      : ComputingWorld([&](auto& options) {
          eagerly(options);
          options.refresh.workers = 1;
          change(options);
        }) {}

  // Values under "busy", "k" and "last" are due; that of "busy" is being computed, that of "k" waits.
  void let_refresh_wait(const std::vector<std::string>& tags = {}) {
    queued.contextual = [numbers = numbers](const ComputeContext&) { return Computed{numbers()}; };
    queued.may_outlive_call = true;
    queued.tags = tags;
    for (const auto* const key : {"busy", "last"})
      (void)give("old", key);
    (void)cache->remember("k", 1min, queued);  // computes 1
    clock->advance(50s);
    (void)cache->remember("busy", 1min, background(source));
    (void)wait_until([&] { return source.started() == 1; });
    (void)cache->remember("k", 1min, queued);
  }
  // All that waits has had its turn.
  bool let_it_run() {
    (void)cache->remember("last", 1min, background([] { return "new"; }));
    source.release();
    return wait_until([&] { return text(cache->get("last")) == "new"; });
  }

  const HangingSource source;
  const Numbers numbers;
  Computation queued;
};

// Acts just before it tells the life of an entry, once.
class ActingCache final : public CacheLayer {
 public:
  using CacheLayer::CacheLayer;

  std::function<void()> act;

 protected:
  void do_begin(CacheRequest& request) override {
    if (request.operation == CacheOperation::time_to_live && act) std::exchange(act, nullptr)();
    forward(request);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(refresh)

BOOST_AUTO_TEST_CASE(nothing_is_computed_ahead_unless_it_is_asked_for) {
  ComputingWorld world([](auto&) {});
  const Numbers numbers;
  BOOST_TEST(text(world.cache->remember("k", 1min, numbers)) == "1");
  world.clock->advance(59s);
  BOOST_TEST(text(world.cache->remember("k", 1min, numbers)) == "1");
  BOOST_TEST(*numbers.last == 1);
}

BOOST_AUTO_TEST_CASE(the_first_reader_in_the_last_part_of_the_ttl_computes_and_has_the_new_value) {
  ComputingWorld world(eagerly);
  const Numbers numbers;
  BOOST_TEST(text(world.cache->remember("k", 1min, numbers)) == "1");
  world.clock->advance(47s);
  BOOST_TEST(text(world.cache->remember("k", 1min, numbers)) == "1");
  world.clock->advance(1s);
  BOOST_TEST(text(world.cache->remember("k", 1min, numbers)) == "2");
  BOOST_TEST((world.cache->time_to_live("k").value().left == 1min));
  BOOST_TEST(text(world.cache->remember("k", 1min, numbers)) == "2");
  world.clock->advance(48s);
  BOOST_TEST(text(world.cache->remember("k", 1min, numbers)) == "3");
  BOOST_TEST(world.statistics().refreshes == 2U);
}

BOOST_AUTO_TEST_CASE(in_the_background_readers_have_the_present_value_meanwhile) {
  ComputingWorld world(eagerly);
  BOOST_TEST(world.give("old").hit());
  world.clock->advance(50s);
  const HangingSource source;
  for (int call = 0; call < 3; ++call)
    BOOST_TEST(text(world.cache->remember("k", 1min, background(source))) == "old");
  BOOST_TEST(wait_until([&] { return source.started() == 1; }));
  source.release();
  BOOST_TEST(wait_until([&] { return text(world.cache->get("k")) == "late"; }));
  BOOST_TEST(source.started() == 1);
}

BOOST_AUTO_TEST_CASE(many_readers_compute_once) {
  ComputingWorld world(eagerly);
  BOOST_TEST(world.give("old").hit());
  world.clock->advance(50s);
  const Numbers numbers;
  std::atomic<int> hits{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 8; ++reader)
    readers.emplace_back([&] {
      for (int call = 0; call < 100; ++call)
        if (world.cache->remember("k", 1min, numbers).hit()) ++hits;
    });
  for (auto& reader : readers)
    reader.join();
  BOOST_TEST(hits == 800);
  BOOST_TEST(*numbers.last == 1);
}

BOOST_AUTO_TEST_CASE(a_failure_leaves_the_present_value_until_its_end) {
  ComputingWorld world(eagerly);
  BOOST_TEST(world.give("old").hit());
  world.clock->advance(50s);
  const auto found = world.fail();
  BOOST_TEST(text(found) == "old");
  BOOST_TEST(!found.stale());
  BOOST_TEST(world.runs == 2);
  BOOST_TEST(text(world.fail()) == "old");
  BOOST_TEST(world.runs == 2);
  world.clock->advance(10s);
  BOOST_TEST(world.fail().failed());
}

BOOST_AUTO_TEST_CASE(a_null_does_not_replace_the_present_value) {
  for (const auto form : {ValueForm::plain, ValueForm::envelope}) {
    ComputingWorld world([form](auto& options) {
      eagerly(options);
      options.form = form;
    });
    BOOST_TEST(world.give("old").hit());
    world.clock->advance(50s);
    (void)world.cache->remember("k", 1min, [] { return std::nullopt; });
    BOOST_TEST(text(world.cache->get("k")) == "old");
  }
}

BOOST_AUTO_TEST_CASE(a_written_value_is_not_computed_again_before_its_end) {
  ComputingWorld world(eagerly);
  BOOST_TEST(world.give("old").hit());
  BOOST_TEST(world.cache->write("k", "theirs", 1min).ok());
  world.clock->advance(50s);
  BOOST_TEST(text(world.give("unused")) == "theirs");
}

BOOST_AUTO_TEST_CASE(the_part_of_the_ttl_may_depend_on_the_key) {
  ComputingWorld world([](auto& options) {
    eagerly(options);
    options.rules.resize(1);
    options.rules[0].match = "page:*";
    options.rules[0].refresh_from = 0.5;
  });
  const Numbers pages;
  BOOST_TEST(text(world.cache->remember("page:1", 1min, pages)) == "1");
  world.clock->advance(30s);
  BOOST_TEST(text(world.cache->remember("page:1", 1min, pages)) == "2");
}

// Acceptance test 61; FusionCache 651.
BOOST_AUTO_TEST_CASE(eager_takes_the_newer_far_value) {
  ComponentContext context;
  const auto clock = std::make_shared<test::FakeClock>();
  context.clock = clock;
  const auto far = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
  CacheOptions options;
  options.store = std::shared_ptr<ICache>(far);
  options.near.emplace().ttl = 10min;
  options.remember.emplace().refresh.mode = RefreshMode::eager;
  const auto ours = make_cache(options, context);
  auto& computing = *find_interface<IComputingCache>(*ours);
  const Numbers numbers;
  BOOST_TEST(text(computing.remember("k", 1min, numbers)) == "1");
  clock->advance(50s);
  BOOST_TEST(far->write("k", "theirs", 1min).ok());
  BOOST_TEST(text(computing.remember("k", 1min, numbers)) == "1");  // the copy; theirs is taken behind it
  BOOST_TEST(text(computing.remember("k", 1min, numbers)) == "theirs");
  BOOST_TEST(*numbers.last == 1);
  const auto counted = find_interface<IComputingStatistics>(*ours)->computing_statistics();
  BOOST_TEST(counted.refreshes_taken_from_far == 1U);
  clock->advance(48s);
  BOOST_TEST(text(computing.remember("k", 1min, numbers)) == "2");
}

// Acceptance test 63.
BOOST_AUTO_TEST_CASE(swr_returns_at_once_and_refreshes_once) {
  ComputingWorld world([](auto& options) {
    options.stale.keep = 1h;
    options.refresh.mode = RefreshMode::swr;
  });
  world.let_value_end();
  const HangingSource source;
  for (int call = 0; call < 5; ++call) {
    const auto found = world.cache->remember("k", 1min, background(source));
    BOOST_TEST(text(found) == "old");
    BOOST_TEST(found.stale());
  }
  BOOST_TEST(wait_until([&] { return source.started() == 1; }));
  source.release();
  BOOST_TEST(wait_until([&] { return world.cache->get("k").hit(); }));
  const auto found = world.cache->remember("k", 1min, background(source));
  BOOST_TEST(text(found) == "late");
  BOOST_TEST(!found.stale());
  BOOST_TEST(source.started() == 1);
}

BOOST_AUTO_TEST_CASE(swr_with_a_factory_that_ends_with_its_call_computes_as_after_a_miss) {
  ComputingWorld world([](auto& options) {
    options.stale.keep = 1h;
    options.refresh.mode = RefreshMode::swr;
  });
  world.let_value_end();
  BOOST_TEST(text(world.give("new")) == "new");
}

BOOST_AUTO_TEST_CASE(values_beyond_the_queue_are_not_computed_ahead) {
  ComputingWorld world([](auto& options) {
    eagerly(options);
    options.refresh.workers = 1;
    options.refresh.queue = 1;
  });
  for (const auto* const key : {"a", "b", "c"})
    BOOST_TEST(world.give("old", key).hit());
  world.clock->advance(50s);
  const HangingSource source;
  BOOST_TEST(world.cache->remember("a", 1min, background(source)).hit());
  BOOST_TEST(wait_until([&] { return source.started() == 1; }));
  BOOST_TEST(world.cache->remember("b", 1min, background(source)).hit());
  BOOST_TEST(world.cache->remember("c", 1min, background(source)).hit());
  BOOST_TEST(world.statistics().refreshes_dropped == 1U);
  source.release();
  BOOST_TEST(wait_until([&] { return source.ended() == 2; }));
}

BOOST_AUTO_TEST_CASE(a_refresh_that_waits_for_a_thread_is_done) {
  BusyWorld world;
  world.let_refresh_wait();
  BOOST_TEST(world.let_it_run());
  BOOST_TEST(text(world.cache->get("k")) == "2");
}

BOOST_AUTO_TEST_CASE(a_change_of_the_key_cancels_a_refresh_that_waits_for_a_thread) {
  const std::vector<std::function<void(RememberCache&)>> changes{
      [](RememberCache& cache) { (void)cache.remove("k"); },
      [](RememberCache& cache) { (void)cache.remove_many({"k"}); },
      [](RememberCache& cache) { (void)cache.remove_matching("k*"); },
      [](RememberCache& cache) { (void)cache.write("k", "theirs", 1min); },
  };
  for (const auto& change : changes) {
    BusyWorld world;
    world.let_refresh_wait();
    change(*world.cache);
    const auto left = text(world.cache->get("k"));
    BOOST_TEST(world.let_it_run());
    BOOST_TEST(text(world.cache->get("k")) == left);
    BOOST_TEST(*world.numbers.last == 1);
  }
}

BOOST_AUTO_TEST_CASE(clearing_the_cache_cancels_a_refresh_that_waits_for_a_thread) {
  BusyWorld world;
  world.let_refresh_wait();
  BOOST_TEST(world.cache->clear().ok());
  (void)world.give("old", "last");
  world.clock->advance(50s);
  BOOST_TEST(world.let_it_run());
  BOOST_TEST(world.cache->get("k").miss());
  BOOST_TEST(*world.numbers.last == 1);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_tag_cancels_a_refresh_that_waits_for_a_thread) {
  for (const std::string ended : {"t", "other"}) {
    BusyWorld world([](auto& options) {
      TaggedCacheOptions tagged;
      tagged.over = options.over;
      options.over = Reference<ICache>(std::make_shared<TaggedCache>(tagged));
    });
    world.let_refresh_wait({"t"});
    BOOST_TEST(world.cache->evict_tags({ended}).ok());
    BOOST_TEST(world.let_it_run());
    BOOST_TEST(text(world.cache->get("k")) == (ended == "t" ? "" : "2"));
  }
}

BOOST_AUTO_TEST_CASE(a_key_whose_refresh_was_cancelled_has_another_one) {
  BusyWorld world;
  world.let_refresh_wait();
  BOOST_TEST(world.cache->remove("k").value());
  BOOST_TEST(text(world.cache->remember("k", 1min, world.queued)) == "2");
  (void)world.give("old", "last");
  world.clock->advance(50s);
  BOOST_TEST(text(world.cache->remember("k", 1min, world.queued)) == "2");
  BOOST_TEST(world.let_it_run());
  BOOST_TEST(text(world.cache->get("k")) == "3");
}

BOOST_AUTO_TEST_CASE(a_removal_while_a_refresh_asks_the_store_keeps_the_key_away) {
  std::shared_ptr<ActingCache> acting;
  BusyWorld world([&](auto& options) {
    acting = std::make_shared<ActingCache>(options.over.component());
    options.over = Reference<ICache>(acting);
  });
  world.let_refresh_wait();
  // The refreshes of "busy" and "k" ask; that of "busy" has.
  acting->act = [&] { (void)world.cache->remove("k"); };
  BOOST_TEST(world.let_it_run());
  BOOST_TEST(*world.numbers.last == 2);
  BOOST_TEST(world.cache->get("k").miss());
}

BOOST_AUTO_TEST_CASE(another_process_that_holds_the_lock_is_not_waited_for) {
  const auto locks = std::make_shared<MemoryMutexSite>();
  ComputingWorld world([&](auto& options) {
    eagerly(options);
    options.locks = std::shared_ptr<IMutexSite>(locks);
  });
  BOOST_TEST(world.give("old").hit());
  world.clock->advance(50s);
  MutexRequest request;
  request.expire = TimeToLive(1min);
  const auto theirs = locks->get_mutex("k")->take(request);
  BOOST_REQUIRE(theirs.ok());
  BOOST_TEST(text(world.give("unused")) == "old");
  BOOST_TEST(world.runs == 1);
  BOOST_TEST(world.statistics().refreshes_dropped == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
