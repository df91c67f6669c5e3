// The blocking and the asynchronous form of a FailoverCache do the same, whatever fails when.

#include "support/fake_clock.hpp"
#include "support/faulty_cache.hpp"
#include "support/sanitized.hpp"
#include "unit/layers/map_cache.hpp"
#include "unit/layers/waiting_cache.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/async_request.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/failover_cache.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

/// A layer that checks that what it passes on comes back as it was, but for the answer.
class Watching final : public CacheLayer {
 public:
  using CacheLayer::CacheLayer;

 protected:
  bool do_begin_async(AsyncRequest& call) override {
    call.keep_arguments();
    call.add_step<Step>(call.request());
    return forward_async(call);
  }
  [[nodiscard]] bool may_wait() const noexcept override { return below_may_wait(); }

 private:
  class Step final : public AsyncStep {
   public:
    explicit Step(const CacheRequest& request) : before_(request) {}
    bool after(AsyncRequest& call) override {
      const CacheRequest& request = call.request();
      BOOST_TEST((request.operation == before_.operation));
      BOOST_TEST(request.key == before_.key);
      BOOST_TEST((request.time_to_live == before_.time_to_live));
      BOOST_TEST(request.keys.data() == before_.keys.data());
      BOOST_TEST(request.entries.data() == before_.entries.data());
      BOOST_TEST(request.results.index() == before_.results.index());
      BOOST_TEST(request.position == before_.position);
      BOOST_TEST(request.destination == before_.destination);
      return true;
    }

   private:
    const CacheRequest before_;
  };
};

struct Settings {
  bool with_second;
  OnError on_error;
  std::chrono::milliseconds retry_after;
  std::uint32_t remembered_keys;
};

struct World {
  explicit World(const Settings& settings) {
    FailoverCacheOptions options;
    options.over = std::shared_ptr<ICache>(first);
    if (settings.with_second) options.failover = std::shared_ptr<ICache>(second);
    options.on_error = settings.on_error;
    options.retry_after = settings.retry_after;
    options.remembered_keys = settings.remembered_keys;
    ComponentContext context;
    context.clock = clock;
    cache = std::make_shared<FailoverCache>(options, context);
    watching = std::make_shared<Watching>(cache);
  }
  [[nodiscard]] static std::shared_ptr<FaultyCache> faulty() {
    return std::make_shared<FaultyCache>(std::make_shared<MapCache>());
  }
  [[nodiscard]] std::string figures() const {
    const auto all = cache->failover_statistics();
    std::string text = all.down ? "down" : "up";
    for (const auto number : {all.outages, all.outage_errors, all.repaired_keys, all.forgotten_keys,
                              all.failover_calls, all.degraded_calls})
      text += " " + std::to_string(number);
    return text + " " + std::to_string(all.keys_to_repair);
  }

  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<FaultyCache> first_faults = faulty();
  std::shared_ptr<FaultyCache> second_faults = faulty();
  std::shared_ptr<WaitingCache::Diary> diary = std::make_shared<WaitingCache::Diary>();
  std::shared_ptr<WaitingCache> first = std::make_shared<WaitingCache>("first", first_faults, diary);
  std::shared_ptr<WaitingCache> second = std::make_shared<WaitingCache>("second", second_faults, diary);
  std::shared_ptr<FailoverCache> cache;
  std::shared_ptr<Watching> watching;
};

std::string text_of(const Error& error) {
  return std::string(to_string(error.code())) + " " + std::string(error.message()) + " " +
         std::to_string(static_cast<int>(error.outcome()));
}
std::string text_of(const Lookup& found) {
  if (found.failed()) return text_of(found.error());
  return found.hit() ? "hit " + std::string(found.value().text()) : found.null() ? "null" : "miss";
}
std::string text_of(const Status& done) {
  return done.ok() ? "done" : text_of(done.error());
}
std::string text_of(const Result<Remaining>& left) {
  if (!left.ok()) return text_of(left.error());
  return std::to_string(static_cast<int>(left.value().state)) + " " +
         std::to_string(left.value().left.count());
}
template <class T>
std::string text_of(const Result<T>& result) {
  return result.ok() ? std::to_string(result.value()) : text_of(result.error());
}
template <class R>
std::string text_of(const std::vector<R>& results) {
  std::string text;
  for (const auto& each : results)
    text += text_of(each) + ", ";
  return text;
}

// Both forms of each call, with one key or two.
struct Call {
  std::function<std::string(ICache&, std::string_view, std::string_view)> blocking;
  std::function<std::string(ICache&, std::string_view, std::string_view)> asynchronous;
};
using Key = std::string_view;

template <class R, class Ask>
std::string in_batch(Ask ask, R initial) {
  std::vector<R> results(2, initial);
  return ask(std::span<R>(results)) + ": " + text_of(results);
}

std::string walk(ICache& cache, bool asynchronous) {
  ScanPosition position;
  std::string text;
  for (int step = 0; step < 3 && !position.finished; ++step) {
    std::vector<std::string> found;
    text += text_of(asynchronous ? cache.async_scan("*", position, found).wait()
                                 : cache.scan("*", position, found));
    text += " at " + position.text;
    for (const auto& key : found)
      text += " " + key;
  }
  return text;
}

const std::array<Call, 18> calls{{
    {[](ICache& c, Key k, Key) { return text_of(c.get(k)); },
     [](ICache& c, Key k, Key) { return text_of(c.async_get(k).wait()); }},
    {[](ICache& c, Key k, Key v) { return text_of(c.write(k, v, 1h)); },
     [](ICache& c, Key k, Key v) { return text_of(c.async_write(k, v, 1h).wait()); }},
    {[](ICache& c, Key k, Key v) { return text_of(c.write(k, v, TimeToLive::never_expires())); },
     [](ICache& c, Key k, Key v) {
       return text_of(c.async_write(k, v, TimeToLive::never_expires()).wait());
     }},
    {[](ICache& c, Key k, Key v) { return text_of(c.add(k, v, 1h)); },
     [](ICache& c, Key k, Key v) { return text_of(c.async_add(k, v, 1h).wait()); }},
    {[](ICache& c, Key k, Key v) { return text_of(c.replace(k, v, 1h)); },
     [](ICache& c, Key k, Key v) { return text_of(c.async_replace(k, v, 1h).wait()); }},
    {[](ICache& c, Key, Key) { return text_of(c.increment("7", 2, 1h)); },
     [](ICache& c, Key, Key) { return text_of(c.async_increment("7", 2, 1h).wait()); }},
    {[](ICache& c, Key k, Key) { return text_of(c.remove(k)); },
     [](ICache& c, Key k, Key) { return text_of(c.async_remove(k).wait()); }},
    {[](ICache& c, Key k, Key) { return text_of(c.contains(k)); },
     [](ICache& c, Key k, Key) { return text_of(c.async_contains(k).wait()); }},
    {[](ICache& c, Key k, Key) { return text_of(c.time_to_live(k)); },
     [](ICache& c, Key k, Key) { return text_of(c.async_time_to_live(k).wait()); }},
    {[](ICache& c, Key k, Key) { return text_of(c.expire(k, 2h)); },
     [](ICache& c, Key k, Key) { return text_of(c.async_expire(k, 2h).wait()); }},
    {[](ICache& c, Key k, Key) { return text_of(c.persist(k)); },
     [](ICache& c, Key k, Key) { return text_of(c.async_persist(k).wait()); }},
    {[](ICache& c, Key k, Key l) {
       const std::array keys{k, l};
       return in_batch([&](auto r) { return c.get_many(keys, r), text_of(Status(Done{})); }, Lookup());
     },
     [](ICache& c, Key k, Key l) {
       const std::array keys{k, l};
       return in_batch([&](auto r) { return text_of(c.async_get_many(keys, r).wait()); }, Lookup());
     }},
    {[](ICache& c, Key k, Key l) {
       const std::array<CacheEntry, 2> entries{{{k, l, 1h}, {l, k, 1h}}};
       return in_batch([&](auto r) { return c.set_many(entries, r), text_of(Status(Done{})); },
                       Status(Done{}));
     },
     [](ICache& c, Key k, Key l) {
       const std::array<CacheEntry, 2> entries{{{k, l, 1h}, {l, k, 1h}}};
       return in_batch([&](auto r) { return text_of(c.async_set_many(entries, r).wait()); }, Status(Done{}));
     }},
    {[](ICache& c, Key k, Key l) {
       const std::array keys{k, l};
       return in_batch([&](auto r) { return c.remove_many(keys, r), text_of(Status(Done{})); },
                       Result<bool>(false));
     },
     [](ICache& c, Key k, Key l) {
       const std::array keys{k, l};
       return in_batch([&](auto r) { return text_of(c.async_remove_many(keys, r).wait()); },
                       Result<bool>(false));
     }},
    {[](ICache& c, Key, Key) { return walk(c, false); }, [](ICache& c, Key, Key) { return walk(c, true); }},
    {[](ICache& c, Key k, Key) { return text_of(c.remove_matching(k)); },
     [](ICache& c, Key k, Key) { return text_of(c.async_remove_matching(k).wait()); }},
    {[](ICache& c, Key, Key) { return text_of(c.clear()); },
     [](ICache& c, Key, Key) { return text_of(c.async_clear().wait()); }},
    {[](ICache& c, Key, Key) { return text_of(c.size()); },
     [](ICache& c, Key, Key) { return text_of(c.async_size().wait()); }},
}};

const std::array<Error, 5> failures{Error(ErrorCode::unreachable, "no server"),
                                    Error(ErrorCode::timeout, "too slow", Outcome::unknown),
                                    Error(ErrorCode::refused, "MISCONF the disk is full"),
                                    Error(ErrorCode::unsupported, "not here"), Error(ErrorCode::no_memory)};

// What fails from now on, chosen by a number.
void change_faults(FaultyCache& faulty, unsigned choice) {
  const Error& error = failures[choice % failures.size()];
  switch (choice / failures.size() % 8) {
    case 0:
      return faulty.fail(error);
    case 1:
      return faulty.fail(failures[0]);
    case 2:
      return faulty.fail_for("a", error);
    case 3:
      return faulty.fail_writes(error);
    case 4:
      return faulty.fail_removals(error);
    case 5:
      return faulty.fail_once_after(choice % 3, error);
    default:
      return faulty.work();
  }
}

void compare(const Settings& settings, unsigned seed) {
  World blocking(settings);
  World asynchronous(settings);
  std::mt19937 random(seed);
  const std::array<Key, 5> keys{"a", "b", "c", "7", "user:1"};
  for (int step = 0; step < 120; ++step) {
    const auto what = static_cast<unsigned>(random());
    if (random() % 4 == 0)
      for (const auto* world : {&blocking, &asynchronous})
        change_faults(what % 3 == 0 ? *world->second_faults : *world->first_faults, what / 3);
    if (random() % 3 == 0)
      for (const auto* world : {&blocking, &asynchronous})
        world->clock->advance(std::chrono::milliseconds(what % 500));
    const auto& call = calls[random() % calls.size()];
    const auto key = keys[random() % keys.size()];
    const auto other = keys[random() % keys.size()];
    BOOST_TEST_CONTEXT("seed " << seed << ", step " << step) {
      const auto given = call.asynchronous(*asynchronous.watching, key, other);
      BOOST_TEST(given == call.blocking(*blocking.cache, key, other));
      BOOST_TEST(asynchronous.figures() == blocking.figures());
      BOOST_TEST_REQUIRE(asynchronous.diary->lines == blocking.diary->lines,
                         boost::test_tools::per_element());
    }
  }
  BOOST_TEST(asynchronous.diary->from_threads == 0U);
  BOOST_TEST(blocking.diary->from_threads == blocking.diary->lines.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failover_forms)

BOOST_AUTO_TEST_CASE(both_forms_ask_the_same_and_answer_the_same_whatever_fails) {
  for (const bool with_second : {true, false})
    for (const auto on_error : {OnError::degrade, OnError::error})
      for (const auto retry_after : {0ms, 250ms})
        for (const std::uint32_t remembered : {2U, 1000U})
          for (unsigned seed = 0; seed < (sanitized ? 5U : 25U); ++seed)
            compare({with_second, on_error, retry_after, remembered}, seed);
}

BOOST_AUTO_TEST_SUITE_END()
