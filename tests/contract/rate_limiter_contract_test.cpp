// Limiters in memory and on Redis, in every form, against models of what they have to answer. Time is a clock
// of the test's own, that of the server too.

#include "contract/rate_limit_models.hpp"
#include "support/fake_clock.hpp"
#include "support/patient.hpp"
#include "support/sanitized.hpp"
#include "support/server_clock.hpp"
#include "support/wait_until.hpp"

#include <cachesite/redis_connection.hpp>
#include <cachesite/sliding_window_limiter.hpp>
#include <cachesite/token_bucket_limiter.hpp>

#include <functional>
#include <iostream>
#include <memory>
#include <random>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

/// Where limiters of a test are: their kind and a clock. Every limiter made has limits of its own.
class Ground {
 public:
  virtual ~Ground() = default;
  template <class Limiter>
  std::shared_ptr<IRateLimiter> make(typename Limiter::Options options) {
    place(options);
    return std::make_shared<Limiter>(std::move(options), context());
  }
  virtual void advance(std::int64_t milliseconds) = 0;

 protected:
  virtual void place(RateLimiterOptions& options) = 0;
  virtual ComponentContext context() { return {}; }
};

class Memory final : public Ground {
 public:
  void advance(std::int64_t milliseconds) override {
    clock_->advance(std::chrono::milliseconds(milliseconds));
  }

 protected:
  void place(RateLimiterOptions&) override {}
  ComponentContext context() override {
    ComponentContext context;
    context.clock = clock_;
    return context;
  }

 private:
  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
};

class Redis final : public Ground {
 public:
  explicit Redis(RateLimitForm form) : form_(form) {
    auto options = patient<RedisConnectionComponentOptions>();
    options.host = "127.0.0.1";
    options.port = server_->port();
    connection_ = std::make_shared<RedisConnection>(options);
  }
  void advance(std::int64_t milliseconds) override {
    server_.advance(std::chrono::milliseconds(milliseconds));
    now_ += milliseconds;
  }
  [[nodiscard]] std::int64_t now() const { return now_; }
  RedisServerWithClock& server() { return server_; }

 protected:
  void place(RateLimiterOptions& options) override {
    options.connection = connection_;
    options.form = form_;
    options.timeout = 30s;
    options.prefix = "schedule" + std::to_string(++made_) + ":";
  }

 private:
  RateLimitForm form_;
  RedisServerWithClock server_;
  std::shared_ptr<IRedis> connection_;
  std::int64_t now_ = 1'700'000'000'000;
  int made_ = 0;
};

struct Schedule {
  explicit Schedule(unsigned seed) : random(seed) {
    rate.count = 1 + pick(12);
    rate.period = std::chrono::milliseconds(std::array{1, 7, 100, 1000, 1500}[pick(5)]);
    capacity = 1 + pick(2 * rate.count);
  }
  std::uint64_t pick(std::uint64_t below) { return random() % below; }
  [[nodiscard]] std::string rate_text() const {
    return std::to_string(rate.count) + "/" + std::to_string(rate.period.count()) + "ms";
  }

  /// Calls `take(key, cost)` and `advance(milliseconds)` at random.
  template <class Take, class Advance>
  void run(std::uint64_t most_cost, int steps, Take&& take, Advance&& advance) {
    for (int step = 0; step < steps; ++step) {
      BOOST_TEST_CONTEXT("step " << step) {
        if (pick(3) != 0) {
          take("key" + std::to_string(pick(2)), pick(4) == 0 ? 1 + pick(most_cost) : 1);
          continue;
        }
        const auto period = static_cast<std::uint64_t>(rate.period.count());
        advance(static_cast<std::int64_t>(
            std::array<std::uint64_t, 4>{1, pick(period + 1), period, pick(3 * period)}[pick(4)]));
      }
    }
  }

  std::mt19937 random;
  Rate rate;
  std::uint64_t capacity;
};

void check_equal(const Result<RateDecision>& answer, const RateDecision& expected) {
  BOOST_REQUIRE(answer.ok());
  const auto& decision = answer.value();
  BOOST_REQUIRE_EQUAL(decision.allowed, expected.allowed);
  BOOST_REQUIRE_EQUAL(decision.limit, expected.limit);
  BOOST_REQUIRE_EQUAL(decision.remaining, expected.remaining);
  BOOST_REQUIRE_EQUAL(decision.retry_after.count(), expected.retry_after.count());
  BOOST_REQUIRE_EQUAL(decision.reset_after.count(), expected.reset_after.count());
  BOOST_REQUIRE(!decision.without_server);
}

template <class Model>
void compare(Ground& ground, Schedule& schedule, IRateLimiter& limiter, Model model,
             std::uint64_t most_cost) {
  std::uint64_t allowed = 0;
  std::uint64_t refused = 0;
  schedule.run(
      most_cost, 40,
      [&](const std::string& key, std::uint64_t cost) {
        const auto expected = model.take(key, cost);
        check_equal(limiter.acquire(key, cost), expected);
        ++(expected.allowed ? allowed : refused);
      },
      [&](std::int64_t milliseconds) {
        ground.advance(milliseconds);
        model.advance(milliseconds);
      });
  BOOST_TEST(limiter.statistics().allowed == allowed);
  BOOST_TEST(limiter.statistics().refused == refused);
}

TokenBucketLimiterOptions bucket_options(const Schedule& schedule) {
  TokenBucketLimiterOptions options;
  options.rate = schedule.rate_text();
  options.capacity = schedule.capacity;
  return options;
}

SlidingWindowLimiterOptions window_options(const Schedule& schedule) {
  SlidingWindowLimiterOptions options;
  options.rate = schedule.rate_text();
  return options;
}

void compare_buckets(Ground& ground, unsigned schedules) {
  for (unsigned seed = 0; seed < schedules; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      Schedule schedule(seed);
      const auto limiter = ground.make<TokenBucketLimiter>(bucket_options(schedule));
      compare(ground, schedule, *limiter, BucketModel(schedule.rate, schedule.capacity), schedule.capacity);
    }
}

void compare_windows(Ground& ground, unsigned schedules) {
  for (unsigned seed = 0; seed < schedules; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      Schedule schedule(seed);
      const auto limiter = ground.make<SlidingWindowLimiter>(window_options(schedule));
      compare(ground, schedule, *limiter, WindowModel(schedule.rate), schedule.rate.count);
    }
}

/// A limiter of a few thousand, which counts in steps: never more than the exact model allows, and what was
/// taken comes back at most a step late.
void bound_great_windows(Ground& ground) {
  for (unsigned seed = 0; seed < 20; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      Schedule schedule(seed);
      schedule.rate = {1500 + schedule.pick(3000), std::chrono::milliseconds(20'000)};
      constexpr std::int64_t step = 20;
      const auto limiter = ground.make<SlidingWindowLimiter>(window_options(schedule));
      WindowModel exact(schedule.rate);
      WindowModel late(schedule.rate, step);
      for (int turn = 0; turn < 150; ++turn) {
        const std::uint64_t cost = 1 + schedule.pick(100);
        const auto answer = limiter->acquire("key", cost);
        BOOST_REQUIRE(answer.ok());
        if (answer.value().allowed)
          BOOST_REQUIRE(exact.allows("key", cost));
        else
          BOOST_REQUIRE(!late.allows("key", cost));
        if (answer.value().allowed)
          for (auto* model : {&exact, &late})
            model->record("key", cost);
        const auto passed = static_cast<std::int64_t>(schedule.pick(700));
        ground.advance(passed);
        for (auto* model : {&exact, &late})
          model->advance(passed);
      }
    }
}

/// The server's clock is set back, by less and by more than anything lasts. Nobody gets more than the model
/// that knows the true time allows, and all of the limit is there again after its own time.
template <class Limiter, class Model>
void set_the_clock_back(Redis& ground, const Model& model_of,
                        const std::function<typename Limiter::Options(const Schedule&)>& options_of) {
  for (unsigned seed = 0; seed < 150 / sampling; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      Schedule schedule(seed);
      const auto options = options_of(schedule);
      const auto limiter = ground.make<Limiter>(options);
      auto model = model_of(schedule);
      std::uint64_t limit = 0;
      schedule.run(
          1, 60,
          [&](const std::string& key, std::uint64_t cost) {
            const auto answer = limiter->acquire(key, cost);
            BOOST_REQUIRE(answer.ok());
            limit = answer.value().limit;
            if (answer.value().allowed) BOOST_REQUIRE(model.take(key, cost).allowed);
          },
          [&](std::int64_t milliseconds) {
            ground.advance(milliseconds);
            model.advance(milliseconds);
            if (schedule.pick(4) == 0)
              ground.advance(
                  -static_cast<std::int64_t>(schedule.pick(2) == 0 ? schedule.pick(200) : 3'600'000));
          });
      for (const char* key : {"key0", "key1"}) {
        const auto last = limiter->acquire(key);
        BOOST_REQUIRE(last.ok());
        // Within the time that one whole limit takes, though the clock was an hour ahead.
        BOOST_TEST(last.value().reset_after.count() <= 3 * schedule.rate.period.count() + 1);
        ground.advance(last.value().reset_after.count() + 1);
        const auto whole = limiter->acquire(key, last.value().limit);
        BOOST_REQUIRE(whole.ok());
        BOOST_TEST(whole.value().allowed);
      }
      BOOST_TEST(limit > 0);
    }
}

constexpr unsigned in_memory = 1000 / sampling;
constexpr unsigned on_redis = 250 / sampling;  // of each of four

}  // namespace

BOOST_AUTO_TEST_SUITE(rate_limiter_contract)

BOOST_AUTO_TEST_CASE(buckets_in_memory_agree_with_a_model_in_a_thousand_random_schedules) {
  Memory ground;
  compare_buckets(ground, in_memory);
}

BOOST_AUTO_TEST_CASE(windows_in_memory_agree_with_a_model_in_a_thousand_random_schedules) {
  Memory ground;
  compare_windows(ground, in_memory);
  bound_great_windows(ground);
}

BOOST_AUTO_TEST_CASE(buckets_on_redis_agree_with_a_model_in_random_schedules) {
  Redis ground(RateLimitForm::cachesite);
  compare_buckets(ground, on_redis);
}

BOOST_AUTO_TEST_CASE(windows_on_redis_agree_with_a_model_in_random_schedules) {
  Redis ground(RateLimitForm::cachesite);
  compare_windows(ground, on_redis);
  bound_great_windows(ground);
}

BOOST_AUTO_TEST_CASE(buckets_in_the_form_of_redis_kit_agree_with_a_model_in_random_schedules) {
  Redis ground(RateLimitForm::redis_kit);
  for (unsigned seed = 0; seed < on_redis; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      Schedule schedule(seed);
      const auto limiter = ground.make<TokenBucketLimiter>(bucket_options(schedule));
      // The keys last for whole seconds, and twice as long as a bucket takes: never seen to end.
      compare(ground, schedule, *limiter, RedisKitBucketModel(schedule.rate, schedule.capacity, ground.now()),
              schedule.capacity);
    }
}

BOOST_AUTO_TEST_CASE(windows_in_the_form_of_redis_kit_agree_with_a_model_in_random_schedules) {
  Redis ground(RateLimitForm::redis_kit);
  compare_windows(ground, on_redis);
}

BOOST_AUTO_TEST_CASE(a_server_whose_clock_is_set_back_allows_no_more_and_locks_nobody_out) {
  for (const auto form : {RateLimitForm::cachesite, RateLimitForm::redis_kit})
    BOOST_TEST_CONTEXT("form " << static_cast<int>(form)) {
      Redis ground(form);
      set_the_clock_back<TokenBucketLimiter>(
          ground, [](const Schedule& schedule) { return BucketModel(schedule.rate, schedule.capacity); },
          bucket_options);
      set_the_clock_back<SlidingWindowLimiter>(
          ground, [](const Schedule& schedule) { return WindowModel(schedule.rate); }, window_options);
    }
}

BOOST_AUTO_TEST_CASE(every_key_on_redis_goes_away_by_itself_and_none_is_left_of_a_full_limit) {
  for (const auto form : {RateLimitForm::cachesite, RateLimitForm::redis_kit}) {
    Redis ground(form);
    TokenBucketLimiterOptions bucket;
    bucket.rate = "10/second";
    SlidingWindowLimiterOptions window;
    window.rate = "10/second";
    const auto limiters = {ground.make<TokenBucketLimiter>(bucket),
                           ground.make<SlidingWindowLimiter>(window)};
    auto probe = ground.server()->probe();
    for (const auto& limiter : limiters)
      for (int call = 0; call < 12; ++call)
        BOOST_TEST(limiter->acquire("key").ok());
    BOOST_TEST(probe.keys().size() == (form == RateLimitForm::cachesite ? 2U : 3U));
    for (const auto& key : probe.keys()) {
      BOOST_TEST(probe.ttl_milliseconds(key) > 0, key);
      BOOST_TEST(probe.ttl_milliseconds(key) <= 2000, key);
    }
    ground.advance(2001);
    BOOST_TEST(wait_until([&] { return probe.keys().empty(); }));
  }
}

BOOST_AUTO_TEST_CASE(a_bucket_keeps_its_tokens_when_its_rate_changes) {
  Redis ground(RateLimitForm::cachesite);
  TokenBucketLimiterOptions options;
  options.rate = "10/minute";
  const auto before = ground.make<TokenBucketLimiter>(options);
  BOOST_TEST(before->acquire("key", 4).value().remaining == 6U);
  auto probe = ground.server()->probe();
  const auto stored = probe.get("schedule1:key").value_or("");
  BOOST_TEST(stored == "36000:1700000000000:6000");
  options.rate = "7/second";
  options.capacity = 20;
  const auto after = ground.make<TokenBucketLimiter>(options);
  probe.set("schedule2:key", stored);
  BOOST_TEST(after->acquire("key").value().remaining == 5U);
  // A smaller bucket holds no more than itself.
  options.capacity = 3;
  const auto smaller = ground.make<TokenBucketLimiter>(options);
  probe.set("schedule3:key", stored);
  BOOST_TEST(smaller->acquire("key").value().remaining == 2U);
}

BOOST_AUTO_TEST_CASE(a_window_whose_limit_shrinks_refuses_until_enough_is_over) {
  for (const auto form : {RateLimitForm::cachesite, RateLimitForm::redis_kit}) {
    Redis ground(form);
    SlidingWindowLimiterOptions options;
    options.rate = "10/second";
    const auto wide = ground.make<SlidingWindowLimiter>(options);
    for (int call = 0; call < 8; ++call) {
      BOOST_TEST(wide->acquire("key").value().allowed);
      ground.advance(10);
    }
    options.rate = "3/second";
    const auto narrow = ground.make<SlidingWindowLimiter>(options);
    auto probe = ground.server()->probe();
    const std::string end = form == RateLimitForm::cachesite ? "key" : ":key";
    probe.checked({"RENAME", "schedule1:" + end, "schedule2:" + end});
    const auto refused = narrow->acquire("key").value();
    BOOST_TEST(!refused.allowed);
    BOOST_TEST(refused.remaining == 0U);
    BOOST_TEST(refused.retry_after.count() == 1000 - 80 + 50);  // the sixth of eight
    ground.advance(refused.retry_after.count() - 1);
    BOOST_TEST(!narrow->acquire("key").value().allowed);
    ground.advance(1);
    BOOST_TEST(narrow->acquire("key").value().allowed);
  }
}

BOOST_AUTO_TEST_CASE(a_reset_gives_all_of_the_limit_again) {
  Memory memory;
  Redis redis(RateLimitForm::cachesite);
  Redis kit(RateLimitForm::redis_kit);
  for (Ground* const ground :
       {static_cast<Ground*>(&memory), static_cast<Ground*>(&redis), static_cast<Ground*>(&kit)}) {
    TokenBucketLimiterOptions bucket;
    bucket.rate = "2/minute";
    SlidingWindowLimiterOptions window;
    window.rate = "2/minute";
    for (const auto& limiter :
         {ground->make<TokenBucketLimiter>(bucket), ground->make<SlidingWindowLimiter>(window)}) {
      BOOST_TEST(limiter->acquire("key", 2).value().allowed);
      BOOST_TEST(!limiter->acquire("key").value().allowed);
      BOOST_TEST(limiter->reset("key").value());
      BOOST_TEST(!limiter->reset("key").value());
      BOOST_TEST(limiter->acquire("key", 2).value().allowed);
      BOOST_TEST(!limiter->acquire("key").value().allowed);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_could_never_be_allowed_is_refused_as_an_argument) {
  Memory memory;
  Redis redis(RateLimitForm::cachesite);
  for (Ground* const ground : {static_cast<Ground*>(&memory), static_cast<Ground*>(&redis)}) {
    TokenBucketLimiterOptions bucket;
    bucket.rate = "2/minute";
    SlidingWindowLimiterOptions window;
    window.rate = "2/minute";
    for (const auto& limiter :
         {ground->make<TokenBucketLimiter>(bucket), ground->make<SlidingWindowLimiter>(window)}) {
      const auto is_refused = [](const auto& result) {
        return !result.ok() && result.error().code() == ErrorCode::bad_argument;
      };
      BOOST_TEST(is_refused(limiter->acquire("")));
      BOOST_TEST(is_refused(limiter->acquire(std::string(1025, 'k'))));
      BOOST_TEST(limiter->acquire(std::string(1024, 'k')).ok());
      BOOST_TEST(is_refused(limiter->acquire("key", 0)));
      BOOST_TEST(is_refused(limiter->acquire("key", 3)));
      BOOST_TEST(is_refused(limiter->reset("")));
      BOOST_TEST(is_refused(limiter->reset(std::string(1025, 'k'))));
      BOOST_TEST(limiter->acquire(std::string("\0\n{}: *", 7), 2).value().allowed);
      BOOST_TEST(!limiter->acquire(std::string("\0\n{}: *", 7)).value().allowed);
      BOOST_TEST(limiter->acquire(std::string("\0\n{}: ?", 7)).value().allowed);
      limiter->stop();
      BOOST_TEST((limiter->acquire("key").error().code() == ErrorCode::closed));
      BOOST_TEST((limiter->reset("key").error().code() == ErrorCode::closed));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
