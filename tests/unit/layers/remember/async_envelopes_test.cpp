// Asynchronous calls of a cache that keeps values in envelopes: they ask the cache below what blocking ones ask, and have
// the same results, without a thread.

#include "layers/remember/value_envelope.hpp"
#include "support/fake_clock.hpp"
#include "support/wait_until.hpp"
#include "unit/event_loop/parts.hpp"
#include "unit/layers/remember/gated_stores.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/remember_cache.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

constexpr std::array<std::string_view, 4> many{"k", "l", "n", "absent"};

struct World {
  explicit World(ValueForm form = ValueForm::envelope) {
    const auto context = context_with(clock);
    memory = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
    below = std::make_shared<GatedStores>(memory);
    cache = computing(form);
  }
  [[nodiscard]] std::shared_ptr<RememberCache> computing(ValueForm form) const {
    RememberCacheOptions options;
    options.over = Reference<ICache>(below);
    options.form = form;
    if (form == ValueForm::envelope) options.stale.keep = 1h;
    return std::make_shared<RememberCache>(options, context_with(clock));
  }

  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<MemoryCache> memory;
  std::shared_ptr<GatedStores> below;
  std::shared_ptr<RememberCache> cache;
  std::vector<Lookup> lookups = std::vector<Lookup>(many.size());
  std::vector<Result<Remaining>> lives =
      std::vector<Result<Remaining>>(many.size(), Result<Remaining>(Remaining()));
  std::vector<Status> stored = std::vector<Status>(2, Status(Done{}));
};

std::string text_of(const Error& error) {
  return std::string(to_string(error.code())) + ": " + std::string(error.message());
}
std::string text_of(const Lookup& found) {
  if (found.failed()) return text_of(found.error());
  if (found.miss()) return "miss";
  if (remembering::looks_enveloped(found.value().text())) return "bytes of an envelope";
  return (found.null() ? "null" : std::string(found.value().text())) + (found.stale() ? ", stale" : "");
}
std::string text_of(const Status& status) {
  return status.ok() ? "done" : text_of(status.error());
}
std::string text_of(const Result<bool>& answer) {
  return !answer.ok() ? text_of(answer.error()) : answer.value() ? "yes" : "no";
}
std::string text_of(const Result<std::int64_t>& sum) {
  return sum.ok() ? std::to_string(sum.value()) : text_of(sum.error());
}
std::string text_of(const Result<Remaining>& left) {
  if (!left.ok()) return text_of(left.error());
  if (left.value().state == Remaining::State::absent) return "absent";
  if (left.value().state == Remaining::State::no_expiry) return "no expiry";
  return std::to_string(left.value().left.count());
}
template <class R>
std::string text_of_all(const Status& whole, const std::vector<R>& results) {
  std::string text = text_of(whole);
  for (const auto& each : results)
    text += "; " + text_of(each);
  return text;
}

const std::array<CacheEntry, 2> entries{CacheEntry{"k", ByteView("new"), 2h},
                                        CacheEntry{"m", std::nullopt, TimeToLive::never_expires()}};

struct Operation {
  const char* name;
  std::function<std::string(World&)> blocking;
  std::function<AsyncCall<std::string>(World&, const CallOptions&)> begin;
};

using Cache = ICache;
using Options = CallOptions;

template <class Blocking, class Begin>
Operation operation(const char* name, Blocking blocking, Begin begin) {
  return {name, [blocking](World& w) { return text_of(blocking(*w.cache)); },
          [begin](World& w, const Options& o) {
            return begin(*w.cache, o).map([](const auto& result) { return text_of(result); });
          }};
}

const std::vector<Operation> operations{
    operation(
        "get", [](Cache& c) { return c.get("k"); },
        [](Cache& c, const Options& o) { return c.async_get("k", o); }),
    operation(
        "contains", [](Cache& c) { return c.contains("k"); },
        [](Cache& c, const Options& o) { return c.async_contains("k", o); }),
    operation(
        "time_to_live", [](Cache& c) { return c.time_to_live("k"); },
        [](Cache& c, const Options& o) { return c.async_time_to_live("k", o); }),
    operation(
        "write", [](Cache& c) { return c.write("k", "new", 2h); },
        [](Cache& c, const Options& o) { return c.async_write("k", "new", 2h, o); }),
    operation(
        "write null", [](Cache& c) { return c.write("k", std::nullopt, 2h); },
        [](Cache& c, const Options& o) { return c.async_write("k", std::nullopt, 2h, o); }),
    operation(
        "add", [](Cache& c) { return c.add("k", "new", 2h); },
        [](Cache& c, const Options& o) { return c.async_add("k", "new", 2h, o); }),
    operation(
        "replace", [](Cache& c) { return c.replace("k", "new", 2h); },
        [](Cache& c, const Options& o) { return c.async_replace("k", "new", 2h, o); }),
    operation(
        "increment", [](Cache& c) { return c.increment("k", 1, 2h); },
        [](Cache& c, const Options& o) { return c.async_increment("k", 1, 2h, o); }),
    operation(
        "remove", [](Cache& c) { return c.remove("k"); },
        [](Cache& c, const Options& o) { return c.async_remove("k", o); }),
    operation(
        "expire", [](Cache& c) { return c.expire("k", 3h); },
        [](Cache& c, const Options& o) { return c.async_expire("k", 3h, o); }),
    operation(
        "persist", [](Cache& c) { return c.persist("k"); },
        [](Cache& c, const Options& o) { return c.async_persist("k", o); }),
    operation(
        "clear", [](Cache& c) { return c.clear(); },
        [](Cache& c, const Options& o) { return c.async_clear(o); }),
    {"get_many",
     [](World& w) {
       w.cache->get_many(many, w.lookups);
       return text_of_all(Done{}, w.lookups);
     },
     [](World& w, const CallOptions& o) {
       return w.cache->async_get_many(many, w.lookups, o).map([&w](const Status& status) {
         return text_of_all(status, w.lookups);
       });
     }},
    {"time_to_live_many",
     [](World& w) {
       w.cache->time_to_live_many(many, w.lives);
       return text_of_all(Done{}, w.lives);
     },
     [](World& w, const CallOptions& o) {
       return w.cache->async_time_to_live_many(many, w.lives, o).map([&w](const Status& status) {
         return text_of_all(status, w.lives);
       });
     }},
    {"set_many",
     [](World& w) {
       w.cache->set_many(entries, w.stored);
       return text_of_all(Done{}, w.stored);
     },
     [](World& w, const CallOptions& o) {
       return w.cache->async_set_many(entries, w.stored, o).map([&w](const Status& status) {
         return text_of_all(status, w.stored);
       });
     }},
};

struct Situation {
  const char* name;
  std::function<void(World&)> prepare;
};

void fill(World& world) {
  const auto cache =
      world.computing(ValueForm::envelope);  // as another process, so nobody here knows the ends
  (void)cache->write("k", "value", 1h);
  (void)cache->write("l", "endless", TimeToLive::never_expires());
  (void)cache->write("n", std::nullopt, 30min);
}

const std::vector<Situation> situations{
    {"nothing is there", [](World&) {}},
    {"entries are fresh", fill},
    {"entries have ended",
     [](World& w) {
       fill(w);
       w.clock->advance(45min);  // of `n`
       (void)w.memory->write("l", "plain", 1h);
     }},
    {"all that can end has ended",
     [](World& w) {
       fill(w);
       w.clock->advance(61min);
     }},
    {"bytes are damaged",
     [](World& w) {
       fill(w);
       for (const auto* const key : {"k", "n"}) {
         std::string bytes(w.memory->get(key).value().text());
         bytes.back() = static_cast<char>(bytes.back() + 1);
         (void)w.memory->write(key, bytes, 1h);
       }
     }},
    {"TTLs are not told",
     [](World& w) {
       fill(w);
       w.below->tells_lives = false;
     }},
    {"ended entries whose TTLs are not told",
     [](World& w) {
       fill(w);
       w.clock->advance(61min);
       w.below->tells_lives = false;
     }},
    {"copies answer",
     [](World& w) {
       fill(w);
       w.below->has_copies = true;
     }},
    {"copies of ended entries answer",
     [](World& w) {
       fill(w);
       w.clock->advance(61min);
       w.below->has_copies = true;
     }},
};

std::string asked_of(const World& world) {
  std::string text;
  for (const auto operation : world.below->asked())
    text += std::string(to_string(operation)) + " ";
  return text;
}

std::string state_of(World& world) {
  world.below->failing = 0;
  const auto statistics = world.cache->statistics();
  std::string text = "asked " + asked_of(world);
  text += "hits " + std::to_string(statistics.hits) + " misses " + std::to_string(statistics.misses);
  text += " writes " + std::to_string(statistics.writes) + " removals " + std::to_string(statistics.removals);
  text += " bad " + std::to_string(world.cache->computing_statistics().bad_envelopes);
  for (const auto key : {"k", "l", "n", "m"}) {
    const auto found = world.memory->get(key);
    text += std::string(" ") + key + " " + std::to_string(found.value().size()) + " " +
            text_of(world.memory->time_to_live(key)) + " as " + text_of(world.cache->get(key));
  }
  return text;
}

// How many questions both forms have asked.
std::size_t compare(const Operation& operation, const Situation& situation, ValueForm form,
                    std::size_t failing, bool stopped) {
  World one(form);
  World other(form);
  for (World* const world : {&one, &other}) {
    situation.prepare(*world);
    world->below->forget_questions();
    world->below->failing = failing;
    if (stopped) world->cache->stop();
  }
  const auto expected = operation.blocking(one);
  const auto found = operation.begin(other, {}).wait();
  const auto questions = one.below->asked().size();
  BOOST_TEST_CONTEXT(operation.name << ", " << situation.name << ", " << failing) {
    BOOST_TEST(found == expected);
    BOOST_TEST(other.below->asked_by_threads() == 0);
    BOOST_TEST(state_of(other) == state_of(one));
  }
  return questions;
}

// With each question failing, too.
void compare_all(ValueForm form) {
  for (const auto& situation : situations)
    for (const auto& operation : operations) {
      const auto questions = compare(operation, situation, form, 0, false);
      for (std::size_t failing = 1; failing <= questions; ++failing)
        (void)compare(operation, situation, form, failing, false);
    }
}

std::size_t questions_of(const Operation& operation, const Situation& situation) {
  World world;
  situation.prepare(world);
  world.below->forget_questions();
  (void)operation.blocking(world);
  return world.below->asked().size();
}

Routine await_call(World& world, const Operation& operation, bool& ended) {
  const auto result = co_await operation.begin(world, {});
  ended = !result.empty();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(async_envelopes)

BOOST_AUTO_TEST_CASE(every_call_does_what_its_blocking_form_does) {
  compare_all(ValueForm::envelope);
}

BOOST_AUTO_TEST_CASE(so_does_every_call_of_a_cache_that_is_stopped) {
  for (const auto& operation : operations)
    (void)compare(operation, situations[1], ValueForm::envelope, 0, true);
}

BOOST_AUTO_TEST_CASE(envelopes_that_are_left_are_opened_with_the_plain_form) {
  compare_all(ValueForm::plain);
}

BOOST_AUTO_TEST_CASE(a_call_goes_on_from_each_question_without_a_thread) {
  for (const auto& situation : situations)
    for (const auto& operation : operations) {
      World one;
      World other;
      for (World* const world : {&one, &other}) {
        situation.prepare(*world);
        world->below->forget_questions();
      }
      other.below->hold();
      const auto expected = operation.blocking(one);
      auto found = operation.begin(other, {}).future();
      while (other.below->release()) {
      }
      BOOST_TEST_CONTEXT(operation.name << ", " << situation.name) {
        BOOST_TEST(found.get() == expected);
        BOOST_TEST(other.below->asked_by_threads() == 0);
        BOOST_TEST(asked_of(other) == asked_of(one));
      }
    }
}

BOOST_AUTO_TEST_CASE(a_call_that_is_abandoned_asks_no_further_question) {
  for (const auto& situation : situations)
    for (const auto& operation : operations)
      for (std::size_t question = 1; question <= questions_of(operation, situation); ++question) {
        World world;
        situation.prepare(world);
        world.below->forget_questions();
        world.below->hold();
        bool ended = false;
        {
          const auto routine = await_call(world, operation, ended);
          for (std::size_t answered = 1; answered < question; ++answered)
            BOOST_TEST(world.below->release());
          BOOST_TEST(world.below->held() == 1U);
        }
        BOOST_TEST_CONTEXT(operation.name << ", " << situation.name << ", " << question) {
          BOOST_TEST(world.below->held() == 0U);
          BOOST_TEST(!ended);
          BOOST_TEST(world.below->asked().size() == question - 1);
        }
      }
}

BOOST_AUTO_TEST_CASE(a_call_that_is_cancelled_or_whose_cache_stops_ends_as_closed) {
  for (const bool stops : {false, true})
    for (const auto& situation : situations)
      for (const auto& operation : operations) {
        const auto questions = questions_of(operation, situation);
        for (std::size_t question = 1; question <= questions; ++question) {
          World world;
          situation.prepare(world);
          world.below->forget_questions();
          world.below->hold();
          std::stop_source stop;
          auto result = operation.begin(world, {.stop = stop.get_token()}).future();
          for (std::size_t answered = 1; answered < question; ++answered)
            BOOST_TEST(world.below->release());
          if (stops)
            world.cache->stop();
          else
            stop.request_stop();
          (void)world.below->release();
          BOOST_TEST_CONTEXT(operation.name << ", " << situation.name << ", " << question) {
            BOOST_TEST((result.wait_for(10s) == std::future_status::ready));
            BOOST_TEST(world.below->held() == 0U);
            if (!stops) BOOST_TEST(world.below->asked().size() == question - 1);
            if (stops) BOOST_TEST(world.below->asked().size() == question);
          }
        }
      }
}

BOOST_AUTO_TEST_SUITE_END()
