// What RedisCache does for asynchronous calls, against a real server. tests/contract has what every cache does.

#include "integration/redis_cache_fixture.hpp"
#include "support/wait_until.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/async_request.hpp>
#include <cachesite/codec.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/event_loop.hpp>
#include <cachesite/redis_connection.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(redis_async_cache)

namespace {

struct World {
  explicit World(RedisCacheOptions options = {}) {
    options = patient(options);
    options.host = "127.0.0.1";
    options.port = proxy.port();
    options.prefix = "prefix:";
    cache = std::make_shared<RedisCache>(options);
    cache->start();
    cache->await_started();
  }
  RedisServer server;
  ChaosProxy proxy{server.port()};
  std::shared_ptr<RedisCache> cache;
};

std::vector<std::string> texts(std::size_t count) {
  std::vector<std::string> texts;
  for (std::size_t number = 0; number < count; ++number)
    texts.push_back("key" + std::to_string(number));
  return texts;
}

// A codec that leaves values as they are, and notes on which thread.
class NotingCodec final : public ICodec {
 public:
  [[nodiscard]] std::thread::id last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 protected:
  Status do_encode(ByteView plain, const CodecScope&, std::string& stored) const override {
    return note(plain, stored);
  }
  Status do_decode(ByteView stored, const CodecScope&, std::size_t, std::string& plain) const override {
    return note(stored, plain);
  }

 private:
  Status note(ByteView from, std::string& to) const {
    to = from.text();
    const std::lock_guard lock(mutex_);
    last_ = std::this_thread::get_id();
    return Done{};
  }

  mutable std::mutex mutex_;
  mutable std::thread::id last_;
};

// A codec over Redis, on a loop that the test runs.
struct CodecWorld {
  CodecWorld() {
    RedisCacheOptions below;
    below.event_loop = std::shared_ptr<IEventLoop>(loop);
    world.emplace(below);
    CodecCacheOptions options;
    options.over = std::shared_ptr<ICache>(world->cache);
    options.codec = std::shared_ptr<ICodec>(codec);
    cache = std::make_shared<CodecCache>(options);
  }
  // The answer of a call, for which this thread runs the loop.
  template <class R>
  R await(AsyncCall<R> call) const {
    std::optional<R> answer;
    std::atomic<bool> answered{false};
    std::move(call).start([&](R result) {
      answer.emplace(std::move(result));
      answered = true;
    });
    BOOST_REQUIRE(wait_until([&] {
      loop->run_ready();
      return answered.load();
    }));
    return *std::move(answer);
  }

  std::shared_ptr<EventLoop> loop = std::make_shared<EventLoop>(EventLoop::Options{0});
  std::shared_ptr<NotingCodec> codec = std::make_shared<NotingCodec>();
  std::optional<World> world;
  std::shared_ptr<CodecCache> cache;
};

}  // namespace

BOOST_AUTO_TEST_CASE(short_values_are_decoded_on_the_loop_and_long_ones_are_kept_off_it) {
  const CodecWorld world;
  const auto here = std::this_thread::get_id();
  for (const std::size_t size : {std::size_t{5}, std::size_t{8} * 1024 * 1024}) {
    const bool is_short = size < 1000;
    const std::string value(size, 'v');
    BOOST_TEST(world.await(world.cache->async_set_value("key", value, 1min)));
    BOOST_TEST((world.codec->last() == here) == is_short);
    BOOST_TEST((world.await(world.cache->async_get("key")).value().text() == value));
    BOOST_TEST((world.codec->last() == here) == is_short);
  }
  BOOST_TEST(world.await(world.cache->async_remove("key")).value_or(false));
  BOOST_TEST(world.await(world.cache->async_get("key")).miss());
  BOOST_TEST(world.cache->codec_statistics().values_written == 2U);
  const auto statistics = world.cache->statistics();
  BOOST_TEST((statistics.hits == 2U && statistics.misses == 1U && statistics.writes == 2U &&
              statistics.removals == 1U));
}

BOOST_AUTO_TEST_CASE(single_operations_count_like_blocking_ones) {
  const World world;
  auto& cache = *world.cache;
  BOOST_TEST(cache.async_set_value("key", "value", 1min).wait());
  BOOST_TEST(cache.async_get("key").wait().value().text() == "value");
  BOOST_TEST(!cache.async_get("absent").wait().hit());
  BOOST_TEST(cache.async_increment("number", 5, TimeToLive(1min)).wait().value() == 5);
  BOOST_TEST(cache.async_increment("number", 5, TimeToLive::never_expires()).wait().value() == 10);
  BOOST_TEST((cache.async_increment("key", 1, TimeToLive(1min)).wait().error().code() == ErrorCode::refused));
  BOOST_TEST(cache.async_expire("key", TimeToLive::never_expires()).wait().value());
  BOOST_TEST(cache.async_remove("key").wait().value());
  const auto statistics = cache.statistics();
  BOOST_TEST(statistics.hits == 1U);
  BOOST_TEST(statistics.misses == 1U);
  BOOST_TEST(statistics.writes == 3U);
  BOOST_TEST(statistics.removals == 1U);
  BOOST_TEST(statistics.failures == 1U);
  BOOST_TEST(world.server.probe().command({"GET", "prefix:number"}).text == "10");
}

BOOST_AUTO_TEST_CASE(a_batch_of_more_than_a_round_has_all_its_answers) {
  const World world;
  const auto names = texts(9000);
  const std::vector<std::string_view> keys(names.begin(), names.end());
  std::vector<CacheEntry> entries;
  for (const auto& name : names)
    entries.push_back({name, ByteView(name), TimeToLive(1min)});
  std::vector<Status> stored(keys.size(), Status(Error(ErrorCode::unsupported)));
  BOOST_TEST(world.cache->async_set_many(entries, stored).wait().ok());
  BOOST_TEST(std::all_of(stored.begin(), stored.end(), [](const Status& status) { return status.ok(); }));
  std::vector<Lookup> found(keys.size());
  BOOST_TEST(world.cache->async_get_many(keys, found).wait().ok());
  for (std::size_t number = 0; number < keys.size(); ++number)
    if (!found[number].hit() || found[number].value().text() != keys[number]) BOOST_TEST(false, keys[number]);
  std::vector<Result<Remaining>> left(keys.size(), Error(ErrorCode::unsupported));
  BOOST_TEST(world.cache->async_time_to_live_many(keys, left).wait().ok());
  BOOST_TEST(std::all_of(left.begin(), left.end(), [](const auto& each) {
    return each.ok() && each.value().state == Remaining::State::expires;
  }));
  std::vector<Result<bool>> removed(keys.size(), Error(ErrorCode::unsupported));
  BOOST_TEST(world.cache->async_remove_many(keys, removed).wait().ok());
  BOOST_TEST(std::all_of(removed.begin(), removed.end(),
                         [](const auto& each) { return each.ok() && each.value(); }));
}

BOOST_AUTO_TEST_CASE(a_value_over_the_limit_spoils_its_own_key_of_a_batch_only) {
  RedisCacheOptions options;
  options.max_value_bytes = ByteSize{1024};
  const World world(options);
  auto probe = world.server.probe();
  const auto names = texts(20);
  for (const auto& name : names)
    probe.command({"SET", "prefix:" + name, name == "key7" ? std::string(5000, 'x') : "short"});
  const std::vector<std::string_view> keys(names.begin(), names.end());
  std::vector<Lookup> found(keys.size());
  BOOST_TEST(world.cache->async_get_many(keys, found).wait().ok());
  for (std::size_t number = 0; number < keys.size(); ++number)
    BOOST_TEST(found[number].hit() == (number != 7), keys[number]);
  BOOST_TEST((found[7].error().code() == ErrorCode::too_large));
  const std::string long_value(2000, 'y');
  const std::vector<CacheEntry> entries{{"a", ByteView("1"), TimeToLive(1min)},
                                        {"b", ByteView(long_value), TimeToLive(1min)}};
  std::vector<Status> stored(2, Status(Error(ErrorCode::unsupported)));
  BOOST_TEST(world.cache->async_set_many(entries, stored).wait().ok());
  BOOST_TEST(stored[0].ok());
  BOOST_TEST((stored[1].error().code() == ErrorCode::too_large));
}

BOOST_AUTO_TEST_CASE(results_of_a_batch_are_written_at_its_end) {
  EventLoop::Options loop_options;
  loop_options.threads = 0;
  const auto loop = std::make_shared<EventLoop>(loop_options);
  RedisCacheOptions options;
  options.event_loop = std::shared_ptr<IEventLoop>(loop);
  World world(options);
  BOOST_REQUIRE(world.cache->set_value("key0", "value", 1min));
  const std::vector<std::string_view> keys{"key0", "key1"};
  std::vector<Lookup> found(2, Lookup(Error(ErrorCode::unsupported)));
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  bool ended = false;
  const auto before = world.proxy.arrived(Direction::to_client);
  world.cache->async_get_many(keys, found).start([&](auto&&...) { ended = true; });
  loop->run_ready();
  loop->run_ready();
  BOOST_REQUIRE(world.proxy.wait_for_arrived(Direction::to_client, before + 1));
  BOOST_TEST((found[0].error().code() == ErrorCode::unsupported));
  world.proxy.pass();
  BOOST_REQUIRE(wait_until([&] {
    loop->run_ready();
    return ended;
  }));
  BOOST_TEST(found[0].hit());
}

BOOST_AUTO_TEST_CASE(a_cancelled_batch_leaves_its_later_rounds_unsent) {
  World world;
  const auto names = texts(9000);
  const std::vector<std::string_view> keys(names.begin(), names.end());
  std::vector<Result<bool>> removed(keys.size(), Error(ErrorCode::unsupported));
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  std::stop_source stop;
  CallOptions options;
  options.stop = stop.get_token();
  std::atomic<bool> ended{false};
  const auto before = world.proxy.arrived(Direction::to_client);
  world.cache->async_remove_many(keys, removed, options).start([&](auto&&...) { ended = true; });
  BOOST_REQUIRE(world.proxy.wait_for_arrived(Direction::to_client, before + 1));
  stop.request_stop();
  BOOST_REQUIRE(wait_until([&] { return ended.load(); }));
  BOOST_TEST((removed.front().error().outcome() == Outcome::unknown));
  BOOST_TEST((removed.back().error().code() == ErrorCode::closed));
  BOOST_TEST((removed.back().error().outcome() == Outcome::not_done));
  world.proxy.pass();
  BOOST_TEST(world.cache->async_remove("key").wait().ok());
  BOOST_TEST(world.proxy.accepted() == 1U);
}

BOOST_AUTO_TEST_CASE(a_read_with_limits_ends_by_the_sooner_of_their_patience_and_that_of_its_caller) {
  struct Ended final : detail::OperationCaller {
    void ended() noexcept override { over = true; }
    std::atomic<bool> over{false};
  };
  World world;
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  const std::optional<std::chrono::milliseconds> soon(20), late(60'000);
  for (const auto& [of_limits, of_caller] : {std::pair(soon, late), std::pair(late, soon),
                                             std::pair(soon, std::optional<std::chrono::milliseconds>())}) {
    const ReadLimits limits{.patience = of_limits};
    EntryLife life;
    Value value;
    AsyncRequest request(of_caller, CacheOperation::read, "key");
    request.request().destination = &value;
    request.request().lives = {&life, 1};
    request.request().limits = &limits;
    Ended caller;
    if (!request.begin(*world.cache, caller)) BOOST_REQUIRE(wait_until([&] { return caller.over.load(); }));
    BOOST_TEST((request.request().answer<Found>().error().code() == ErrorCode::timeout));
  }
}

BOOST_AUTO_TEST_CASE(the_rest_is_done_by_workers) {
  const World world;
  for (const auto& name : texts(30))
    BOOST_REQUIRE(world.cache->async_set_value(name, "value", 1min).wait());
  BOOST_TEST(world.cache->async_size().wait().value() == 30U);
  BOOST_TEST(world.cache->async_remove_matching("key1*").wait().value() == 11U);
  BOOST_TEST(world.cache->async_clear().wait().ok());
  BOOST_TEST(world.cache->async_size().wait().value() == 0U);
}

BOOST_AUTO_TEST_CASE(a_stopped_cache_ends_its_calls) {
  World world;
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  std::atomic<int> closed{0};
  for (int number = 0; number < 1000; ++number)
    world.cache->async_get("key" + std::to_string(number)).start([&](const Lookup& lookup) {
      if (lookup.failed() && lookup.error().code() == ErrorCode::closed) ++closed;
    });
  world.cache->stop();
  BOOST_TEST(wait_until([&] { return closed == 1000; }));
  BOOST_TEST((world.cache->async_get("key").wait().error().code() == ErrorCode::closed));
}

BOOST_AUTO_TEST_CASE(a_stopped_cache_over_a_shared_connection_begins_no_further_round_in_either_form) {
  const auto names = texts(9000);
  const std::vector<std::string_view> keys(names.begin(), names.end());
  for (const bool async : {false, true}) {
    RedisServer server;
    ChaosProxy proxy(server.port());
    auto of_connection = patient<RedisConnection::Options>();
    of_connection.host = "127.0.0.1";
    of_connection.port = proxy.port();
    const auto connection = std::make_shared<RedisConnection>(of_connection);
    connection->start();
    connection->await_started();
    RedisCacheOptions options;
    options.connection = std::shared_ptr<IRedis>(connection);
    RedisCache cache(options);
    proxy.set(Direction::to_client, {.flow = Flow::hold});
    std::vector<Result<bool>> removed(keys.size(), Error(ErrorCode::unsupported));
    const auto before = proxy.arrived(Direction::to_client);
    std::thread removing([&] {
      if (async)
        (void)cache.async_remove_many(keys, removed).wait();
      else
        cache.remove_many(keys, removed);
    });
    BOOST_TEST(proxy.wait_for_arrived(Direction::to_client, before + 1));
    cache.stop();
    proxy.pass();
    removing.join();
    BOOST_TEST(removed.front().ok());
    BOOST_REQUIRE(!removed.back().ok());
    BOOST_TEST((removed.back().error().code() == ErrorCode::closed));
    BOOST_TEST((removed.back().error().outcome() == Outcome::not_done));
    connection->stop();
  }
}

BOOST_AUTO_TEST_SUITE_END()
