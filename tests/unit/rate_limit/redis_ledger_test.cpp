// What a ledger makes of a server that answers wrongly, fails, or is away.

#include "rate_limit/redis_ledger.hpp"

#include "rate_limit/memory_ledger.hpp"
#include "redis/topology/hash_slot.hpp"
#include "support/fake_clock.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::rate_limits;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(redis_ledger)

namespace {

/// Answers scripts as it is told to, and notes them.
class ToldRedis final : public IRedis {
 public:
  Result<RedisValue> answer = Error(ErrorCode::unreachable, "nobody is there");
  std::vector<std::vector<std::string>> keys;
  std::vector<std::vector<std::string>> arguments;
  std::optional<std::chrono::milliseconds> timeout;

  [[nodiscard]] RedisScript make_script(std::string text) const override { return {std::move(text), "sha"}; }
  [[nodiscard]] std::unique_ptr<IRedisSubscription> subscribe(RedisSubscriber) override { return nullptr; }

 protected:
  Result<RedisValue> do_call(const RedisCommand&, const std::stop_token&) override { return answer; }
  std::vector<Result<RedisValue>> do_pipeline(std::span<const RedisCommand>,
                                              std::optional<std::chrono::milliseconds>) override {
    return {};
  }
  Result<std::unique_ptr<IRedisSession>> do_open_session(std::optional<std::chrono::milliseconds>) override {
    return Error(ErrorCode::unsupported);
  }
  Result<RedisValue> do_run(const RedisScript&, std::span<const ByteView> given_keys,
                            std::span<const ByteView> given_arguments,
                            std::optional<std::chrono::milliseconds> limit) override {
    const auto texts = [](std::span<const ByteView> views) {
      std::vector<std::string> all;
      for (const auto view : views)
        all.emplace_back(view.text());
      return all;
    };
    keys.push_back(texts(given_keys));
    arguments.push_back(texts(given_arguments));
    timeout = limit;
    return answer;
  }
};

RedisValue list_of(std::vector<std::int64_t> numbers) {
  std::vector<RedisValue> elements;
  for (const auto number : numbers)
    elements.emplace_back(number);
  return RedisValue(std::move(elements));
}

struct World {
  std::shared_ptr<ToldRedis> redis = std::make_shared<ToldRedis>();
  std::vector<Error> reported;
  TokenBucket rule{{10, 1s}, 10};
  std::unique_ptr<RedisLedger> ledger;

  explicit World(WithoutServer without_server, double share = 1.0) {
    const TokenBucket part = rule.part(share);
    ledger = std::make_unique<RedisLedger>(
        redis, own_form(rule, "rate:"),
        RedisLedger::Options{123ms, without_server, rule.limit(), part.limit()},
        std::make_unique<MemoryLedger<TokenBucket>>(part, 100, std::make_shared<test::FakeClock>()),
        detail::FailureReport([this](const Error& error) { reported.push_back(error); }, nullptr, ""));
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_answer_of_the_script_is_the_decision) {
  World world(WithoutServer::deny);
  world.redis->answer = list_of({0, 3, 250, 900});
  const auto answer = world.ledger->take("key", 4);
  BOOST_REQUIRE(answer.ok());
  const auto& decision = answer.value();
  BOOST_TEST(!decision.allowed);
  BOOST_TEST(decision.limit == 10U);
  BOOST_TEST(decision.remaining == 3U);
  BOOST_TEST(decision.retry_after.count() == 250);
  BOOST_TEST(decision.reset_after.count() == 900);
  BOOST_TEST(!decision.without_server);
  BOOST_TEST((world.redis->keys == std::vector<std::vector<std::string>>{{"rate:key"}}));
  BOOST_TEST((world.redis->arguments == std::vector<std::vector<std::string>>{{"1", "100", "1000", "4"}}));
  BOOST_TEST(world.redis->timeout.value_or(0ms).count() == 123);
  BOOST_TEST(world.reported.empty());
}

BOOST_AUTO_TEST_CASE(a_server_that_gives_no_answer_is_decided_as_declared_and_reported) {
  for (const auto& [code, text] : std::initializer_list<std::pair<ErrorCode, const char*>>{
           {ErrorCode::timeout, "so it is"},
           {ErrorCode::unreachable, "so it is"},
           {ErrorCode::protocol, "so it is"},
           {ErrorCode::no_memory, "so it is"},
           {ErrorCode::refused, "LOADING the server is loading"},
           {ErrorCode::refused, "BUSY a script is running"}})
    for (const auto without : {WithoutServer::deny, WithoutServer::allow, WithoutServer::local}) {
      World world(without);
      world.redis->answer = Error(code, text);
      const auto answer = world.ledger->take("key", 4);
      BOOST_REQUIRE(answer.ok());
      const auto& decision = answer.value();
      BOOST_TEST(decision.without_server);
      BOOST_TEST(decision.allowed == (without != WithoutServer::deny));
      BOOST_TEST(decision.remaining == (without == WithoutServer::deny ? 0U : 6U));
      BOOST_TEST(decision.retry_after.count() == (without == WithoutServer::deny ? 1000 : 0));
      BOOST_REQUIRE_EQUAL(world.reported.size(), 1U);
      BOOST_TEST((world.reported.front().code() == code));
      BOOST_TEST(world.ledger->statistics().without_server == 1U);
      BOOST_TEST(world.ledger->statistics().allowed == (decision.allowed ? 1U : 0U));
      BOOST_TEST(world.ledger->statistics().refused == (decision.allowed ? 0U : 1U));

      world.redis->answer = list_of({1, 9, 0, 100});
      BOOST_TEST(!world.ledger->take("key", 1).value().without_server);
      BOOST_TEST(world.ledger->statistics().without_server == 1U);
    }
}

BOOST_AUTO_TEST_CASE(an_error_that_the_server_answers_is_a_failure_with_its_text) {
  for (const char* text : {"WRONGTYPE it is a list", "OOM no memory is left", "ERR in the script"}) {
    World world(WithoutServer::allow);
    world.redis->answer = Error(ErrorCode::refused, text);
    const auto answer = world.ledger->take("key", 1);
    BOOST_REQUIRE(!answer.ok());
    BOOST_TEST((answer.error().code() == ErrorCode::refused));
    BOOST_TEST(answer.error().message() == text);
    BOOST_TEST(world.reported.empty());
    BOOST_TEST(world.ledger->statistics().without_server == 0U);
    BOOST_TEST(world.ledger->statistics().allowed == 0U);
  }
}

BOOST_AUTO_TEST_CASE(an_answer_of_another_kind_is_a_failure_too) {
  for (const auto& strange :
       {RedisValue(), RedisValue(1), list_of({}), list_of({1, 2, 3}), list_of({1, 2, 3, 4, 5}),
        list_of({1, -2, 3, 4}), list_of({1, 2, -3, 4}), list_of({1, 2, 3, -4}), list_of({1, 11, 0, 0})}) {
    World world(WithoutServer::allow);
    world.redis->answer = strange;
    const auto answer = world.ledger->take("key", 1);
    BOOST_REQUIRE(!answer.ok());
    BOOST_TEST((answer.error().code() == ErrorCode::corrupt));
  }
}

BOOST_AUTO_TEST_CASE(a_process_alone_gets_its_share_and_no_more) {
  World world(WithoutServer::local, 0.35);
  const auto first = world.ledger->take("key", 2).value();
  BOOST_TEST(first.allowed);
  BOOST_TEST(first.limit == 3U);
  BOOST_TEST(first.remaining == 1U);
  // A token comes in 100 ms of the whole, and in 286 ms of the share.
  const auto second = world.ledger->take("key", 2).value();
  BOOST_TEST(!second.allowed);
  BOOST_TEST(second.retry_after.count() == 286);
  const auto beyond = world.ledger->take("key", 4).value();
  BOOST_TEST(!beyond.allowed);
  BOOST_TEST(beyond.without_server);
  BOOST_TEST(beyond.retry_after.count() == 1000);
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_stopped_is_a_failure_of_the_call) {
  World world(WithoutServer::allow);
  world.redis->answer = Error(ErrorCode::closed);
  BOOST_TEST((world.ledger->take("key", 1).error().code() == ErrorCode::closed));
  BOOST_TEST((world.ledger->reset("key").error().code() == ErrorCode::closed));
  BOOST_TEST(world.reported.empty());
}

BOOST_AUTO_TEST_CASE(a_reset_that_has_forgotten_the_share_of_this_process_may_have_been_done) {
  for (const auto without : {WithoutServer::local, WithoutServer::deny}) {
    World world(without);
    (void)world.ledger->take("key", 1);
    const auto reset = world.ledger->reset("key");
    BOOST_REQUIRE(!reset.ok());
    BOOST_TEST((reset.error().outcome() == Outcome::unknown) == (without == WithoutServer::local));
  }
}

BOOST_AUTO_TEST_CASE(members_of_a_window_of_redis_kit_are_hexadecimal_and_differ) {
  const auto redis = std::make_shared<ToldRedis>();
  redis->answer = list_of({1, 9, 0, 1000});
  const SlidingWindow rule(Rate{10, 1s});
  for (int process = 0; process < 2; ++process) {
    RedisLedger ledger(redis, redis_kit_form(rule, "kit"),
                       RedisLedger::Options{100ms, WithoutServer::deny, rule.limit(), rule.limit()}, nullptr,
                       detail::FailureReport({}, nullptr, ""));
    for (int call = 0; call < 50; ++call)
      BOOST_TEST(ledger.take("key", 1).ok());
  }
  std::vector<std::string> members;
  for (const auto& arguments : redis->arguments) {
    BOOST_REQUIRE_EQUAL(arguments.size(), 4U);
    BOOST_TEST(arguments[3].size() == 24U);
    BOOST_TEST((arguments[3].find_first_not_of("0123456789abcdef") == std::string::npos));
    members.push_back(arguments[3]);
  }
  std::sort(members.begin(), members.end());
  BOOST_TEST((std::adjacent_find(members.begin(), members.end()) == members.end()));
  BOOST_TEST((redis->keys.front() == std::vector<std::string>{"kit:key"}));
}

BOOST_AUTO_TEST_CASE(a_window_of_redis_kit_takes_1000_at_once_at_most) {
  const auto redis = std::make_shared<ToldRedis>();
  redis->answer = list_of({1, 9, 0, 1000});
  const SlidingWindow rule(Rate{100'000, 1s});
  RedisLedger ledger(redis, redis_kit_form(rule, "kit"),
                     RedisLedger::Options{100ms, WithoutServer::deny, rule.limit(), rule.limit()}, nullptr,
                     detail::FailureReport({}, nullptr, ""));
  BOOST_TEST(ledger.take("key", 1000).ok());
  const auto refused = ledger.take("key", 1001);
  BOOST_REQUIRE(!refused.ok());
  BOOST_TEST((refused.error().code() == ErrorCode::bad_argument));
  BOOST_TEST(refused.error().message() == "a window in the form of redis-kit takes a cost of 1 to 1000");
  BOOST_TEST(redis->keys.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_keys_of_a_bucket_of_redis_kit_are_as_it_has_them) {
  const RedisForm form = redis_kit_form(TokenBucket(Rate{100, 60s}, 50), "redis_kit:rl:tb");
  BOOST_TEST((form.keys_of("u{1}") ==
              std::vector<std::string>{"{redis_kit:rl:tb:u{1}}:tokens", "{redis_kit:rl:tb:u{1}}:ts"}));
  BOOST_TEST((form.arguments == std::vector<std::string>{"1.6666666666666667", "50", "60"}));
}

BOOST_AUTO_TEST_CASE(all_keys_of_a_limit_are_in_one_slot_whatever_they_are_made_of) {
  std::mt19937 random(1);
  const auto text = [&random](std::size_t least) {
    std::string made;
    for (std::size_t size = least + random() % 6; made.size() < size;)
      made.push_back("{}:ab"[random() % 5]);
    return made;
  };
  const Rate rate{10, 1s};
  for (int round = 0; round < 2000; ++round) {
    std::string prefix = text(0);
    if (prefix.starts_with('}')) prefix.insert(0, 1, 'p');  // which the options refuse
    const std::string key = text(1);
    for (const auto& form :
         {own_form(TokenBucket(rate, 10), prefix), own_form(SlidingWindow(rate), prefix),
          redis_kit_form(TokenBucket(rate, 10), prefix), redis_kit_form(SlidingWindow(rate), prefix)}) {
      const auto keys = form.keys_of(key);
      for (const auto& each : keys)
        BOOST_REQUIRE_EQUAL(redis::hash_slot({each}), redis::hash_slot({keys.front()}));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
