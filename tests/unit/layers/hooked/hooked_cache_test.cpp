#include "support/collecting_logger.hpp"
#include "support/fake_clock.hpp"
#include "unit/layers/map_cache.hpp"

#include <cachesite/codec_cache.hpp>
#include <cachesite/composite_hook.hpp>
#include <cachesite/hooked_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/prefix_cache.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::MapCache;

namespace {

const auto forever = TimeToLive::never_expires();

// Writes down every event: "before read k", "after read k hit", "error read k unreachable".
class Diary final : public ICacheHook {
 public:
  explicit Diary(std::string name = {}, std::vector<std::string>* shared = nullptr)
      : events(shared ? *shared : own_), name_(std::move(name)) {}

  void before(const CacheCall& call) override { add("before", call, ""); }
  void after(const CacheCall& call, const CacheCallResult& result,
             std::chrono::nanoseconds duration) override {
    last_duration = duration;
    last_result = result;
    add("after", call, " " + std::string(to_string(result.kind)));
  }
  void on_error(const CacheCall& call, const Error& error, std::chrono::nanoseconds duration) override {
    last_duration = duration;
    add("error", call, " " + std::string(to_string(error.code())));
  }

 private:
  std::vector<std::string> own_;

 public:
  std::vector<std::string>& events;
  std::chrono::nanoseconds last_duration{0};
  CacheCallResult last_result;
  std::size_t last_keys = 0;
  std::string last_cache;

 private:
  void add(const std::string& what, const CacheCall& call, const std::string& end) {
    last_keys = call.keys;
    last_cache = call.cache;
    std::string event = name_ + what + " " + std::string(to_string(call.operation));
    if (!call.key.empty()) event += " " + std::string(call.key);
    events.push_back(event + end);
  }

  const std::string name_;
};

// Throws in all events while `throws`, and counts them.
class Thrower final : public ICacheHook {
 public:
  bool throws = true;
  int events = 0;
  void before(const CacheCall&) override { event(); }
  void after(const CacheCall&, const CacheCallResult&, std::chrono::nanoseconds) override { event(); }
  void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override { event(); }

 private:
  void event() {
    ++events;
    if (throws) throw std::runtime_error("the collector is full");
  }
};

struct Fixture {
  std::shared_ptr<MapCache> below = std::make_shared<MapCache>();
  std::shared_ptr<Diary> diary = std::make_shared<Diary>();
  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  std::shared_ptr<test::CollectingLogger> logger = std::make_shared<test::CollectingLogger>();
  std::shared_ptr<HookedCache> cache = hooked(below, {diary});

  std::shared_ptr<HookedCache> hooked(std::shared_ptr<ICache> over,
                                      std::vector<std::shared_ptr<ICacheHook>> hooks) const {
    return std::make_shared<HookedCache>(std::move(over), std::move(hooks), context());
  }
  ComponentContext context() const {
    ComponentContext context;
    context.label = "HookedCache \"sessions\"";
    context.clock = clock;
    context.logger = logger;
    return context;
  }
  std::vector<std::string> events_of(const std::function<void()>& call) const {
    diary->events.clear();
    call();
    return diary->events;
  }
};

using Events = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(hooked_cache, Fixture)

BOOST_AUTO_TEST_CASE(every_operation_has_one_before_and_one_after) {
  const auto names = test::call_everything(*cache);
  BOOST_TEST(names.size() == cache_operations);
  BOOST_REQUIRE(diary->events.size() == 2 * names.size());
  for (std::size_t index = 0; index < names.size(); ++index) {
    const auto& before = diary->events[2 * index];
    const auto& after = diary->events[2 * index + 1];
    BOOST_TEST_CONTEXT(before << ", " << after) {
      BOOST_TEST((before + " ").starts_with("before " + names[index] + " "));
      BOOST_TEST((after + " ").starts_with("after " + names[index] + " "));
    }
  }
}

BOOST_AUTO_TEST_CASE(every_failing_operation_has_one_before_and_one_error) {
  below->failure = Error(ErrorCode::unreachable, "gone");
  const auto names = test::call_everything(*cache);
  BOOST_REQUIRE(diary->events.size() == 2 * names.size());
  for (std::size_t index = 0; index < names.size(); ++index) {
    BOOST_TEST((diary->events[2 * index] + " ").starts_with("before " + names[index] + " "));
    BOOST_TEST(diary->events[2 * index + 1].starts_with("error " + names[index]));
    BOOST_TEST(diary->events[2 * index + 1].ends_with(" unreachable"));
  }
}

BOOST_AUTO_TEST_CASE(an_exception_below_is_one_error) {
  below->throws = true;
  const auto names = test::call_everything(*cache);
  BOOST_REQUIRE(diary->events.size() == 2 * names.size());
  for (std::size_t index = 1; index < diary->events.size(); index += 2)
    BOOST_TEST(diary->events[index].ends_with(" refused"));
}

BOOST_AUTO_TEST_CASE(a_stopped_cache_ends_every_call_with_one_error) {
  cache->stop();
  const auto names = test::call_everything(*cache);
  BOOST_REQUIRE(diary->events.size() == 2 * names.size());
  for (std::size_t index = 1; index < diary->events.size(); index += 2)
    BOOST_TEST(diary->events[index].ends_with(" closed"));
}

// redis-kit's decode failures leave the span open.
BOOST_AUTO_TEST_CASE(a_value_that_cannot_be_decoded_ends_its_call_too) {
  CodecCacheOptions options;
  options.over = Reference<ICache>(below);
  options.on_undecodable = OnUndecodable::error;
  const auto outer = hooked(std::make_shared<CodecCache>(options), {diary});
  below->entries = {{"k", "no envelope"}};
  BOOST_TEST(events_of([&] { (void)outer->get("k"); }) == (Events{"before read k", "error read k corrupt"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(hits_nulls_misses_and_answers_are_told_apart) {
  below->entries = {{"there", "1"}, {"null", std::nullopt}};
  BOOST_TEST(events_of([&] {
               (void)cache->get("there");
               (void)cache->get("null");
               (void)cache->get("nobody");
             }) == (Events{"before read there", "after read there hit", "before read null",
                           "after read null null", "before read nobody", "after read nobody miss"}),
             boost::test_tools::per_element());
  BOOST_TEST(events_of([&] {
               (void)cache->add("there", ByteView("1"), forever);
               (void)cache->remove("nobody");
             }) == (Events{"before add there", "after add there not_done", "before remove nobody",
                           "after remove nobody not_done"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(hooks_see_keys_without_the_prefixes_below) {
  const auto outer = hooked(prefixed(below, "shop:"), {diary});
  BOOST_TEST(events_of([&] { (void)outer->write("k", ByteView("secret"), forever); }) ==
                 (Events{"before write k", "after write k done"}),
             boost::test_tools::per_element());
  BOOST_TEST(below->has("shop:k"));
}

BOOST_AUTO_TEST_CASE(a_batch_is_one_event_with_the_number_of_keys) {
  below->entries = {{"a", "1"}, {"b", std::nullopt}};
  BOOST_TEST(events_of([&] {
               (void)cache->get_many({"a", "b", "nobody"});
             }) == (Events{"before get_many", "after get_many done"}),
             boost::test_tools::per_element());
  BOOST_TEST(diary->last_keys == 3u);
  BOOST_TEST(diary->last_result.count == 2u);
  BOOST_TEST(diary->last_result.failed == 0u);
  (void)cache->remove_many({"a", "nobody"});
  BOOST_TEST(diary->last_keys == 2u);
  BOOST_TEST(diary->last_result.count == 1u);
}

BOOST_AUTO_TEST_CASE(a_batch_that_fails_in_part_ends_well_and_says_how_many_failed) {
  const auto outer = hooked(prefixed(below, "shop:"), {diary});
  const std::string too_long(ICache::longest_key, 'k');
  const std::string_view keys[] = {"a", too_long};
  below->entries = {{"shop:a", "1"}};
  BOOST_TEST(events_of([&] { (void)outer->get_many(keys); }).back() == "after get_many done");
  BOOST_TEST(diary->last_result.count == 1u);
  BOOST_TEST(diary->last_result.failed == 1u);
}

BOOST_AUTO_TEST_CASE(counts_of_scans_removals_and_sizes_are_told) {
  below->entries = {{"a1", "1"}, {"a2", "1"}, {"b", "1"}};
  std::vector<std::string> found{"kept"};
  ScanPosition position;
  (void)cache->scan("a*", position, found);
  BOOST_TEST(diary->last_result.count == 2u);
  (void)cache->size();
  BOOST_TEST(diary->last_result.count == 3u);
  BOOST_TEST(diary->last_keys == 0u);
  (void)cache->remove_matching("a*");
  BOOST_TEST(diary->last_result.count == 2u);
  BOOST_TEST(diary->last_cache == "HookedCache \"sessions\"");
}

BOOST_AUTO_TEST_CASE(a_refused_call_never_begins) {
  (void)cache->get("");
  (void)cache->write("k", ByteView("1"), 0s);
  BOOST_TEST(diary->events.empty());
}

BOOST_AUTO_TEST_CASE(the_duration_is_that_of_the_call) {
  class Slow final : public CacheLayer {
   public:
    Slow(std::shared_ptr<ICache> over, std::shared_ptr<test::FakeClock> clock)
        : CacheLayer(std::move(over)), clock_(std::move(clock)) {}

   protected:
    void do_begin(CacheRequest& request) override {
      clock_->advance(1500us);
      forward(request);
    }

   private:
    std::shared_ptr<test::FakeClock> clock_;
  };
  const auto outer = hooked(std::make_shared<Slow>(below, clock), {diary});
  (void)outer->contains("k");
  BOOST_TEST((diary->last_duration == 1500us));
  below->failure = Error(ErrorCode::timeout);
  diary->last_duration = 0us;
  (void)outer->contains("k");
  BOOST_TEST((diary->last_duration == 1500us));
}

BOOST_AUTO_TEST_CASE(hooks_are_called_in_their_order) {
  Events events;
  const auto outer =
      hooked(below, {std::make_shared<Diary>("1 ", &events), std::make_shared<Diary>("2 ", &events)});
  (void)outer->contains("k");
  BOOST_TEST(events == (Events{"1 before contains k", "2 before contains k", "1 after contains k not_done",
                               "2 after contains k not_done"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_hook_that_throws_harms_neither_the_caller_nor_other_hooks) {
  const auto thrower = std::make_shared<Thrower>();
  const auto outer = hooked(below, {thrower, diary});
  BOOST_TEST(outer->write("k", ByteView("1"), forever).ok());
  BOOST_TEST(outer->get("k").hit());
  BOOST_TEST(diary->events.size() == 4u);
  BOOST_TEST(thrower->events == 4);
}

BOOST_AUTO_TEST_CASE(a_hook_that_throws_is_logged_once_and_once_when_it_works_again) {
  const auto thrower = std::make_shared<Thrower>();
  const auto outer = hooked(below, {diary, thrower});
  for (int call = 0; call < 50; ++call)
    (void)outer->get("k");
  BOOST_TEST(logger->records().size() == 1u);
  BOOST_TEST(logger->count(LogLevel::warning, "hook=2 error=the collector is full") == 1u);
  BOOST_TEST(logger->count(LogLevel::warning, "component=HookedCache \"sessions\"") == 1u);
  // One that throws now and then does not flood the log either.
  for (int call = 0; call < 200; ++call) {
    thrower->throws = call % 10 == 0;
    (void)outer->get("k");
  }
  BOOST_TEST(logger->records().size() == 1u);
  thrower->throws = false;
  for (int call = 0; call < 60; ++call)
    (void)outer->get("k");
  BOOST_TEST(logger->records().size() == 2u);
  BOOST_TEST(logger->count(LogLevel::info, "the hook works again") == 1u);
  thrower->throws = true;
  (void)outer->get("k");
  BOOST_TEST(logger->count(LogLevel::warning) == 2u);
}

BOOST_AUTO_TEST_CASE(a_composite_hook_passes_everything_to_all_of_its_hooks) {
  Events events;
  const auto thrower = std::make_shared<Thrower>();
  const auto composite = std::make_shared<CompositeHook>(
      std::vector<std::shared_ptr<ICacheHook>>{std::make_shared<Diary>("1 ", &events), thrower,
                                               std::make_shared<Diary>("2 ", &events)},
      context());
  const auto outer = hooked(below, {composite});
  (void)outer->contains("k");
  below->failure = Error(ErrorCode::timeout);
  (void)outer->contains("k");
  BOOST_TEST(events == (Events{"1 before contains k", "2 before contains k", "1 after contains k not_done",
                               "2 after contains k not_done", "1 before contains k", "2 before contains k",
                               "1 error contains k timeout", "2 error contains k timeout"}),
             boost::test_tools::per_element());
  BOOST_TEST(thrower->events == 4);
  BOOST_TEST(logger->count(LogLevel::warning) == 1u);
}

BOOST_AUTO_TEST_CASE(a_hook_may_use_the_cache_itself_within_a_call) {
  class Nosy final : public ICacheHook {
   public:
    std::vector<CacheOperation> open;
    std::size_t deepest = 0;
    HookedCache* cache = nullptr;
    void before(const CacheCall& call) override {
      open.push_back(call.operation);
      deepest = std::max(deepest, open.size());
      if (call.operation == CacheOperation::read) (void)cache->contains(call.key);
    }
    void after(const CacheCall& call, const CacheCallResult&, std::chrono::nanoseconds) override {
      BOOST_TEST((open.back() == call.operation));
      open.pop_back();
    }
    void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override {}
  };
  const auto nosy = std::make_shared<Nosy>();
  const auto outer = hooked(below, {nosy});
  nosy->cache = outer.get();
  (void)outer->get("k");
  BOOST_TEST(nosy->deepest == 2u);
  BOOST_TEST(nosy->open.empty());
}

BOOST_AUTO_TEST_CASE(events_of_many_threads_pair_up) {
  class Counting final : public ICacheHook {
   public:
    std::atomic<int> begun{0}, ended{0};
    void before(const CacheCall&) override { ++begun; }
    void after(const CacheCall&, const CacheCallResult&, std::chrono::nanoseconds) override {
      ++ended;
      if (ended % 7 == 0) throw 7;
    }
    void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override { ++ended; }
  };
  const auto counting = std::make_shared<Counting>();
  const auto outer = hooked(std::make_shared<MemoryCache>(MemoryCacheOptions{}), {counting});
  std::vector<std::thread> workers;
  for (int index = 0; index < 4; ++index)
    workers.emplace_back([&] {
      for (int call = 0; call < 500; ++call)
        (void)outer->get("k");
    });
  for (auto& worker : workers)
    worker.join();
  BOOST_TEST(counting->begun == 2000);
  BOOST_TEST(counting->ended == 2000);
}

BOOST_AUTO_TEST_CASE(a_hook_that_is_not_set_is_a_mistake) {
  BOOST_CHECK_THROW(hooked(below, {diary, nullptr}), std::invalid_argument);
  BOOST_CHECK_THROW(hooked(nullptr, {diary}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
