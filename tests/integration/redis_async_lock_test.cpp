// Mutexes and queues over Redis without a thread that waits.

#include "integration/lock_fixture.hpp"
#include "support/chaos_proxy.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/async_consume.hpp>
#include <cachesite/event_loop.hpp>
#include <cachesite/mutex.hpp>
#include <cachesite/redis_mutex_site.hpp>
#include <cachesite/redis_pubsub_queue_site.hpp>
#include <cachesite/redis_stream_queue_site.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

using Taken = Result<std::shared_ptr<IMutexLease>>;
using Received = Result<std::optional<QueueMessage>>;

RedisServer& lock_server() {
  static RedisServer instance;
  return instance;
}

std::shared_ptr<RedisMutexSite> mutexes() {
  auto options = options_at<RedisMutexSiteOptions>(lock_server().port());
  options.poll_interval = 5ms;
  return start_site<RedisMutexSite>(options);
}

std::shared_ptr<RedisStreamQueueSite> queues(std::uint16_t port = lock_server().port()) {
  auto options = options_at<RedisStreamQueueSiteOptions>(port);
  options.poll_interval = 50ms;
  return start_site<RedisStreamQueueSite>(options);
}

std::string outcome_of(const Taken& taken) {
  if (!taken.ok()) return std::string(to_string(taken.error().code()));
  return taken.value() ? "taken" : "nothing";
}

std::string outcome_of(const Received& received) {
  if (!received.ok()) return std::string(to_string(received.error().code()));
  return received.value() ? std::string(received.value()->text()) : "nothing";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_async_mutex)

BOOST_AUTO_TEST_CASE(threads_and_calls_of_two_sites_have_a_mutex_one_at_a_time) {
  constexpr int calls = 50;
  constexpr int threads = 10;
  const auto site = mutexes();
  const auto other = mutexes();
  const auto held = site->get_mutex("busy")->take().value();
  std::mutex lock;
  std::vector<int> order;
  std::atomic<int> inside{0};
  std::atomic<int> at_once{0};
  std::atomic<int> done{0};
  const auto use = [&](int who) {
    if (inside.fetch_add(1) != 0) ++at_once;
    {
      const std::lock_guard guard(lock);
      order.push_back(who);
    }
    inside.fetch_sub(1);
    ++done;
  };
  const auto mutex = site->get_mutex("busy");
  for (int index = 0; index < calls; ++index)
    mutex->async_take().start([&use, index](Taken taken) {
      if (!taken.ok() || !taken.value()) return;
      use(index);
      const auto lease = std::move(taken).value();
      lease->async_release().start([lease](const Result<bool>&) {});
    });
  std::vector<std::thread> users;
  for (int index = 0; index < threads; ++index)
    users.emplace_back([&use, mutex = other->get_mutex("busy"), who = calls + index] {
      const std::scoped_lock own(*mutex);
      use(who);
    });
  BOOST_TEST(held->async_release().wait().value_or(false));
  BOOST_TEST(wait_until([&] { return done == calls + threads; }));
  for (auto& user : users)
    user.join();
  BOOST_TEST(at_once == 0);
  std::erase_if(order, [](int who) { return who >= calls; });
  BOOST_TEST(std::is_sorted(order.begin(), order.end()));
}

BOOST_AUTO_TEST_CASE(a_lease_of_a_call_is_renewed) {
  const auto site = mutexes();
  const auto lease = site->get_mutex("renewed")->async_take({.expire = 150ms}).wait();
  BOOST_REQUIRE(outcome_of(lease) == "taken");
  const auto first_end = lease.value()->valid_until();
  BOOST_TEST(wait_until([&] { return std::chrono::steady_clock::now() > first_end; }));
  BOOST_TEST(lease.value()->held());
  BOOST_TEST(outcome_of(site->get_mutex("renewed")->async_take({.wait = 0ms}).wait()) == "nothing");
}

BOOST_AUTO_TEST_CASE(a_cancelled_wait_for_another_process_leaves_nothing_behind) {
  const auto site = mutexes();
  const auto other = mutexes();
  auto held = other->get_mutex("cancelled")->take().value();
  std::stop_source stop;
  auto cancelled = site->get_mutex("cancelled")->async_take({}, {.stop = stop.get_token()}).future();
  auto probe = lock_server().probe();
  BOOST_TEST(wait_until([&] { return probe.checked({"EXISTS", "writers@mutex:cancelled"}).integer == 1; }));
  stop.request_stop();
  BOOST_TEST(outcome_of(cancelled.get()) == "closed");
  BOOST_TEST(wait_until([&] { return probe.checked({"EXISTS", "writers@mutex:cancelled"}).integer == 0; }));
  held.reset();
  BOOST_TEST(outcome_of(site->get_mutex("cancelled")->async_take().wait()) == "taken");
}

BOOST_AUTO_TEST_CASE(a_patience_ends_the_wait_for_another_process) {
  const auto site = mutexes();
  const auto other = mutexes();
  const auto held = other->get_mutex("patience")->take().value();
  const auto mutex = site->get_mutex("patience");
  BOOST_TEST(outcome_of(mutex->async_take({}, {.patience = 20ms}).wait()) == "timeout");
  BOOST_TEST(outcome_of(mutex->async_take({.wait = 20ms}).wait()) == "nothing");
}

BOOST_AUTO_TEST_CASE(waiting_calls_go_on_on_the_loop_of_the_site) {
  EventLoop::Options of_the_program;
  of_the_program.threads = 0;
  const auto loop = std::make_shared<EventLoop>(of_the_program);
  auto options = options_at<RedisMutexSiteOptions>(lock_server().port());
  options.poll_interval = 5ms;
  options.event_loop = std::shared_ptr<IEventLoop>(loop);
  const auto site = start_site<RedisMutexSite>(options);
  const auto other = mutexes();
  auto held = other->get_mutex("own loop")->take().value();
  std::atomic<bool> taken{false};
  std::thread::id where;
  std::stop_source stop;
  site->get_mutex("own loop")->async_take().start([&](Taken lease) {
    where = std::this_thread::get_id();
    taken = lease.ok() && lease.value();
    stop.request_stop();
  });
  held.reset();
  loop->run(stop.get_token());
  BOOST_TEST(taken);
  BOOST_TEST((where == std::this_thread::get_id()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(redis_async_queue)

BOOST_AUTO_TEST_CASE(a_waiting_call_gets_the_message_that_is_sent) {
  lock_server().probe().flush();
  const auto site = queues();
  auto waiting = site->get_consumer("orders")->async_receive(10s).future();
  BOOST_TEST(site->get_producer("orders")->async_send("one").wait().ok());
  BOOST_TEST(outcome_of(waiting.get()) == "one");
}

BOOST_AUTO_TEST_CASE(a_wait_ends_with_nothing_a_patience_with_a_timeout_and_a_stop_with_closed) {
  lock_server().probe().flush();
  const auto site = queues();
  const auto consumer = site->get_consumer("empty");
  BOOST_TEST(outcome_of(consumer->async_receive(0ms).wait()) == "nothing");
  BOOST_TEST(outcome_of(consumer->async_receive(20ms).wait()) == "nothing");
  BOOST_TEST(outcome_of(consumer->async_receive(10s, {.patience = 20ms}).wait()) == "timeout");
  std::stop_source stop;
  auto stopped = consumer->async_receive(10s, {.stop = stop.get_token()}).future();
  stop.request_stop();
  BOOST_TEST(outcome_of(stopped.get()) == "closed");
  auto closed = consumer->async_receive(10s).future();
  site->stop();
  BOOST_TEST(outcome_of(closed.get()) == "closed");
}

BOOST_AUTO_TEST_CASE(a_delayed_message_comes_when_it_is_due) {
  lock_server().probe().flush();
  const auto site = queues();
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(site->get_producer("later")->async_send("delayed", 30ms).wait().ok());
  BOOST_TEST(outcome_of(site->get_consumer("later")->async_receive(10s).wait()) == "delayed");
  BOOST_TEST((std::chrono::steady_clock::now() - begin >= 30ms));
}

BOOST_AUTO_TEST_CASE(a_receiver_of_a_channel_gets_what_is_published) {
  const auto site =
      start_site<RedisPubSubQueueSite>(options_at<RedisPubSubQueueSiteOptions>(lock_server().port()));
  const auto consumer = site->get_consumer("news");
  auto waiting = consumer->async_receive(10s).future();
  BOOST_TEST(site->get_producer("news")->async_send("today").wait().ok());
  BOOST_TEST(outcome_of(waiting.get()) == "today");
  BOOST_TEST(outcome_of(consumer->async_receive(5ms).wait()) == "nothing");
  BOOST_TEST(outcome_of(consumer->async_receive(10s, {.patience = 5ms}).wait()) == "timeout");
}

BOOST_AUTO_TEST_CASE(every_message_is_received_while_calls_come_and_are_cancelled) {
  lock_server().probe().flush();
  constexpr int messages = sanitized ? 100 : 1'000;
  const auto site = queues();
  const auto producer = site->get_producer("jobs");
  for (int index = 0; index < messages; ++index)
    BOOST_REQUIRE(producer->produce(std::to_string(index)));
  const auto consumer = site->get_consumer("jobs");
  std::set<std::string> seen;
  for (int round = 0; seen.size() < std::size_t{messages} && round < 20 * messages; ++round) {
    std::stop_source stop;
    auto next = consumer->async_receive(10s, {.stop = stop.get_token()}).future();
    if (round % 3 == 0) stop.request_stop();
    auto received = next.get();
    if (!received.ok() || !received.value()) continue;
    auto message = *std::move(received).value();
    seen.insert(std::string(message.text()));
    (void)message.async_acknowledge().wait();
  }
  BOOST_TEST(seen.size() == std::size_t{messages});
}

BOOST_AUTO_TEST_CASE(other_calls_of_the_connection_go_on_while_receivers_wait) {
  lock_server().probe().flush();
  auto shared = options_at<RedisConnection::Options>(lock_server().port());
  const auto redis = std::make_shared<RedisConnection>(shared);
  RedisStreamQueueSiteOptions options;
  options.connection = std::shared_ptr<IRedis>(redis);
  const auto site = start_site<RedisStreamQueueSite>(options);
  std::vector<std::future<Received>> waiting;
  std::stop_source stop;
  const auto consumer = site->get_consumer("quiet");
  for (int index = 0; index < 20; ++index)
    waiting.push_back(consumer->async_receive(60s, {.stop = stop.get_token()}).future());
  for (int index = 0; index < 200; ++index)
    BOOST_REQUIRE(redis->async_call({"SET", "key", index}, {.patience = 5s}).wait().ok());
  BOOST_TEST(redis->lent_connections() == 0U);
  stop.request_stop();
  for (auto& one : waiting)
    BOOST_TEST(outcome_of(one.get()) == "closed");
}

BOOST_AUTO_TEST_CASE(a_server_that_goes_away_and_comes_back_is_received_from_again) {
  lock_server().probe().flush();
  ChaosProxy proxy(lock_server().port());
  const auto site = queues(proxy.port());
  const auto consumer = site->get_consumer("away");
  BOOST_TEST(outcome_of(consumer->async_receive(1ms).wait()) == "nothing");
  proxy.set_accepting(Accepting::refuse);
  proxy.drop_connections();
  const auto failed = consumer->async_receive(10s).wait();
  BOOST_TEST(!failed.ok());
  proxy.set_accepting(Accepting::forward);
  BOOST_TEST(queues()->get_producer("away")->produce("back"));
  BOOST_TEST(wait_until([&] { return outcome_of(consumer->async_receive(100ms).wait()) == "back"; }));
}

BOOST_AUTO_TEST_CASE(a_message_is_rejected_and_kept_without_a_thread) {
  lock_server().probe().flush();
  const auto site = queues();
  const auto consumer = site->get_consumer("orders");
  BOOST_REQUIRE(site->get_producer("orders")->produce("one"));
  const auto next = [&] {
    auto received = consumer->async_receive(10s).wait();
    BOOST_REQUIRE((received.ok() && received.value()));
    return *std::move(received).value();
  };
  auto first = next();
  BOOST_TEST(first.async_keep().wait().value_or(false));
  BOOST_TEST((first.async_reject(-1ms).wait().error().code() == ErrorCode::bad_argument));
  BOOST_TEST(!first.settled());
  BOOST_TEST(first.async_reject().wait().ok());
  BOOST_TEST(first.settled());
  BOOST_TEST(!first.async_keep().wait().value_or(true));
  auto again = next();
  BOOST_TEST(again.deliveries() == 2U);
  BOOST_TEST(again.async_acknowledge().wait().ok());
  BOOST_TEST(again.async_reject().wait().ok());
  BOOST_TEST(site->counts("orders").value().delivered.value_or(1) == 0U);
}

BOOST_AUTO_TEST_CASE(all_messages_are_handled_while_the_server_goes_away_and_comes_back) {
  lock_server().probe().flush();
  ChaosProxy proxy(lock_server().port());
  const auto site = queues(proxy.port());
  const auto consumer = site->get_consumer("jobs");
  std::mutex mutex;
  std::set<std::string> handled;
  std::atomic<int> failures{0};
  std::stop_source stop;
  auto consumption = consumer
                         ->async_consume(
                             stop.get_token(),
                             [&](QueueMessage& message) {
                               const std::lock_guard lock(mutex);
                               const bool fails = message.deliveries() == 1 && message.text().ends_with('7');
                               if (!fails) handled.emplace(message.text());
                               return fails ? Status(Error(ErrorCode::refused)) : Status(Done{});
                             },
                             [&](const Error&) { ++failures; })
                         .future();
  const auto untroubled = queues();
  const auto producer = untroubled->get_producer("jobs");
  const auto all_are_handled = [&](std::size_t count) {
    return wait_until([&] {
      const std::lock_guard lock(mutex);
      return handled.size() == count;
    });
  };
  for (int job = 0; job < 20; ++job)
    BOOST_REQUIRE(producer->produce(std::to_string(job)));
  BOOST_TEST(all_are_handled(20));
  BOOST_TEST(failures.load() >= 2);
  const int before = failures.load();
  proxy.set_accepting(Accepting::refuse);
  proxy.drop_connections();
  BOOST_TEST(wait_until([&] { return failures.load() > before; }));
  proxy.set_accepting(Accepting::forward);
  for (int job = 20; job < 40; ++job)
    BOOST_REQUIRE(producer->produce(std::to_string(job)));
  BOOST_TEST(all_are_handled(40));
  BOOST_TEST(wait_until([&] { return untroubled->counts("jobs").value().delivered == 0U; }));
  BOOST_TEST((consumption.wait_for(0s) == std::future_status::timeout));
  (void)stop.request_stop();
  BOOST_REQUIRE((consumption.wait_for(30s) == std::future_status::ready));
  BOOST_TEST(consumption.get().ok());
}

BOOST_AUTO_TEST_SUITE_END()
