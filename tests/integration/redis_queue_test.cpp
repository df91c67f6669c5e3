// Queues over Redis: consumers that are killed, a server that goes away, programs of another language.

#include "integration/lock_fixture.hpp"
#include "support/chaos_proxy.hpp"
#include "support/collecting_logger.hpp"
#include "support/scripted_server.hpp"

#include <cachesite/redis_pubsub_queue_site.hpp>
#include <cachesite/redis_stream_queue_site.hpp>

#include <atomic>
#include <iostream>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

RedisStreamQueueSiteOptions stream_options(std::uint16_t port) {
  auto options = options_at<RedisStreamQueueSiteOptions>(port);
  options.poll_interval = 50ms;
  return options;
}

std::shared_ptr<RedisPubSubQueueSite> pubsub_at(std::uint16_t port) {
  return start_site<RedisPubSubQueueSite>(options_at<RedisPubSubQueueSiteOptions>(port));
}

std::optional<std::string> next_text(IQueueConsumer& consumer, std::chrono::milliseconds wait = 10s) {
  auto received = consumer.receive(wait);
  if (!received.ok() || !received.value()) return std::nullopt;
  auto message = *std::move(received).value();
  (void)message.acknowledge();
  return std::string(message.text());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_queue)

BOOST_AUTO_TEST_CASE(no_message_is_lost_when_consumers_are_killed) {
  RedisServer server;
  constexpr int messages = sanitized ? 5'000 : 100'000;
  const auto site = start_site<RedisStreamQueueSite>(stream_options(server.port()));
  std::vector<Process> workers;
  const auto start = [&] { return start_worker(server, {"work", "jobs", "500"}); };
  for (int index = 0; index < 4; ++index)
    workers.push_back(start());

  std::atomic<int> produced{0};
  std::vector<std::thread> senders;
  for (int index = 0; index < 4; ++index)
    senders.emplace_back([&, index] {
      const auto producer = site->get_producer("jobs");
      for (int number = index; number < messages; number += 4)
        if (producer->produce(std::to_string(number))) ++produced;
    });

  auto probe = server.probe();
  std::minstd_rand random(20261121);
  int killed = 0;
  const auto seen = [&] { return probe.checked({"HLEN", "seen"}).integer; };
  const auto give_up = std::chrono::steady_clock::now() + 240s;
  while (seen() < messages && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + random() % 200));  // the rhythm of the killer
    auto& victim = workers.at(random() % workers.size());
    victim.kill();
    ++killed;
    victim = start();
  }
  for (auto& sender : senders)
    sender.join();
  const bool settled = wait_until(
      [&] {
        const auto counts = site->counts("jobs");
        return counts.ok() && counts.value().waiting == 0u && counts.value().delivered == 0u;
      },
      60s);
  BOOST_TEST(settled);
  for (auto& worker : workers) {
    worker.close_input();
    BOOST_TEST(worker.wait_for_exit().value_or(-1) == 0);
  }
  std::int64_t processed = 0;
  for (const auto& times : probe.checked({"HVALS", "seen"}).elements)
    processed += std::stoll(times.text);
  BOOST_TEST(produced.load() == messages);
  BOOST_TEST(seen() == messages);
  BOOST_TEST(killed > 0);
  std::cout << messages << " messages, " << killed << " consumers killed: " << seen() << " processed, "
            << messages - seen() << " lost, " << processed - messages << " processed once more\n";
}

// Messages whose answer was lost belong to their consumer until it lets go of them, however often that fails.
BOOST_AUTO_TEST_CASE(messages_that_may_have_been_missed_are_let_go_until_that_is_answered) {
  std::atomic<int> fetched{0}, released{0};
  ScriptedServer server(ScriptedServer::after_setup([&](const ScriptedCommand& command) -> ScriptedAnswer {
    const ScriptedAnswer lost{{}, ScriptedAnswer::Then::close};
    if (command.name() == "XREADGROUP") return fetched++ == 0 ? lost : ScriptedAnswer{"*-1\r\n"};
    if (command.name() != "EVALSHA") return {"+OK\r\n"};
    if (command.arguments[2] == "3") return {"*2\r\n:-1\r\n$1\r\n-\r\n"};  // upkeep
    if (command.arguments.size() == 5) return {":0\r\n"};                  // sweep
    return {released++ == 0 ? "-ERR not now\r\n" : ":0\r\n"};
  }));
  auto options = stream_options(server.port());
  const auto site = start_site<RedisStreamQueueSite>(options);
  const auto consumer = site->get_consumer("orders");
  BOOST_TEST(wait_until([&] {
    (void)consumer->receive(0ms);
    return released >= 2;
  }));
}

BOOST_AUTO_TEST_CASE(a_stream_consumer_survives_a_server_that_loses_everything) {
  RedisServer server;
  const auto site = start_site<RedisStreamQueueSite>(stream_options(server.port()));
  const auto producer = site->get_producer("restarted");
  const auto consumer = site->get_consumer("restarted");
  std::stop_source stop;
  std::atomic<int> got{0};
  std::atomic<int> failures{0};
  std::thread loop([&] {
    consumer->consume(
        stop.get_token(), [&](const QueueMessage&) { ++got; }, [&](const Error&) { ++failures; });
  });
  BOOST_TEST(producer->produce("before"));
  BOOST_TEST(wait_until([&] { return got.load() == 1; }));
  server.kill();
  BOOST_TEST(wait_until([&] { return failures.load() > 0; }));
  server.restart();
  BOOST_TEST(wait_until([&] { return producer->produce("after"); }));
  BOOST_TEST(wait_until([&] { return got.load() >= 2; }));
  stop.request_stop();
  loop.join();
}

BOOST_AUTO_TEST_CASE(a_pubsub_consumer_survives_a_restart_of_the_server) {
  RedisServer server;
  const auto site = pubsub_at(server.port());
  const auto producer = site->get_producer("news");
  const auto consumer = site->get_consumer("news");
  BOOST_TEST(producer->produce("before"));
  BOOST_TEST(next_text(*consumer).value_or("") == "before");
  server.kill();
  BOOST_TEST(!producer->produce("lost"));
  server.restart();
  BOOST_TEST(wait_until([&] {
    (void)producer->produce("after");
    return next_text(*consumer, 10ms).value_or("") == "after";
  }));
}

BOOST_AUTO_TEST_CASE(connections_that_break_lose_no_message) {
  RedisServer server;
  ChaosProxy proxy(server.port());
  auto options = stream_options(proxy.port());
  options.redeliver_after = 1s;
  const auto site = start_site<RedisStreamQueueSite>(options);
  const auto direct = start_site<RedisStreamQueueSite>(stream_options(server.port()));
  constexpr int messages = 300;
  std::set<std::string> sent;
  const auto producer = direct->get_producer("broken");
  for (int number = 0; number < messages; ++number) {
    BOOST_REQUIRE(producer->produce(std::to_string(number)));
    sent.insert(std::to_string(number));
  }
  std::mutex mutex;
  std::set<std::string> seen;
  int deliveries = 0;
  std::stop_source stop;
  std::thread loop([&] {
    site->get_consumer("broken")->consume(stop.get_token(), [&](const QueueMessage& message) {
      const std::lock_guard lock(mutex);
      seen.insert(std::string(message.text()));
      ++deliveries;
    });
  });
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return seen.size();
  };
  for (std::size_t step = 20; step < messages; step += 20) {
    wait_until([&] { return count() >= step; });
    proxy.drop_connections();
  }
  BOOST_TEST(wait_until([&] { return count() == messages; }, 30s));
  BOOST_TEST(wait_until([&] {
    const auto counts = direct->counts("broken");
    return counts.ok() && counts.value().delivered == 0u && counts.value().waiting == 0u;
  }));
  stop.request_stop();
  loop.join();
  BOOST_TEST((seen == sent));
  BOOST_TEST_MESSAGE("deliveries beyond the first: " << deliveries - messages);
}

BOOST_AUTO_TEST_CASE(an_acknowledgement_that_failed_is_made_up_for) {
  RedisServer server;
  ChaosProxy proxy(server.port());
  const auto site = start_site<RedisStreamQueueSite>(stream_options(proxy.port()));
  const auto consumer = site->get_consumer("owed");
  BOOST_TEST(site->get_producer("owed")->produce("once"));
  auto received = consumer->receive(10s);
  BOOST_REQUIRE(received.ok());
  BOOST_REQUIRE(received.value().has_value());
  auto message = *std::move(received).value();
  proxy.set_accepting(Accepting::refuse);
  proxy.drop_connections();
  BOOST_TEST(!message.acknowledge().ok());
  proxy.set_accepting(Accepting::forward);
  BOOST_TEST(wait_until([&] {
    (void)consumer->receive(0ms);
    const auto counts = site->counts("owed");
    return counts.ok() && counts.value().delivered == 0u;
  }));
}

BOOST_AUTO_TEST_CASE(a_message_comes_when_it_is_due_however_seldom_the_consumer_looks) {
  RedisServer server;
  auto options = stream_options(server.port());
  options.poll_interval = 1min;
  options.redeliver_after = 10min;
  const auto site = start_site<RedisStreamQueueSite>(options);
  const auto consumer = site->get_consumer("seldom");
  BOOST_TEST(site->get_producer("seldom")->produce("job", 100ms));
  for (const auto delay : {100ms, 0ms}) {
    auto received = consumer->receive(20s);
    BOOST_REQUIRE(received.ok());
    BOOST_REQUIRE(received.value().has_value());
    auto message = *std::move(received).value();
    BOOST_TEST(message.reject(delay).ok());
  }
  BOOST_TEST(next_text(*consumer, 20s).value_or("") == "job");
}

BOOST_AUTO_TEST_CASE(python_publishes_to_this_program_and_hears_it) {
  RedisServer server;
  const auto site = pubsub_at(server.port());
  const auto consumer = site->get_consumer("wire");
  auto speaker = start_python(server, {"publish", "wire", "from Python"});
  BOOST_TEST(speaker.wait_for_exit().value_or(-1) == 0);
  BOOST_TEST(speaker.output() == "receivers 1\n");
  BOOST_TEST(next_text(*consumer).value_or("") == "from Python");

  auto listener = start_python(server, {"listen", "wire"});
  BOOST_REQUIRE(listener.wait_for_output("subscribed"));
  BOOST_TEST(site->get_producer("wire")->produce("from cachesite"));
  BOOST_TEST(listener.wait_for_exit().value_or(-1) == 0);
  BOOST_TEST(listener.output().find("message from cachesite") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_pubsub_consumer_that_does_not_keep_up_drops_the_oldest) {
  RedisServer server;
  auto options = options_at<RedisPubSubQueueSiteOptions>(server.port());
  options.max_buffered = 3;
  const auto logger = std::make_shared<CollectingLogger>();
  ComponentContext context;
  context.logger = logger;
  const auto site = start_site<RedisPubSubQueueSite>(options, context);
  const auto consumer = site->get_consumer("flood");
  for (const char* text : {"1", "2", "3", "4", "5"})
    BOOST_TEST(site->get_producer("flood")->produce(text));
  BOOST_TEST(logger->wait_for_count(1, LogLevel::warning, "2 messages are lost so far"));
  for (const char* text : {"3", "4", "5"})
    BOOST_TEST(next_text(*consumer).value_or("") == text);
  BOOST_TEST(!next_text(*consumer, 0ms).has_value());
}

BOOST_AUTO_TEST_CASE(with_require_connection_there_are_no_ends_without_a_server) {
  RedisServer server;
  auto options = options_at<RedisPubSubQueueSiteOptions>(server.port());
  options.require_connection = true;
  const auto site = start_site<RedisPubSubQueueSite>(options);
  BOOST_TEST(site->get_producer("q") != nullptr);
  server.kill();
  const auto says = [](const std::string& text) {
    return [text](const std::runtime_error& error) { return error.what() == text; };
  };
  BOOST_CHECK_EXCEPTION((void)site->get_producer("q"), std::runtime_error,
                        says("Cannot create producer for queue 'q' - Redis not connected"));
  BOOST_CHECK_EXCEPTION((void)site->get_consumer("q"), std::runtime_error,
                        says("Cannot create consumer for queue 'q' - Redis not connected"));
}

BOOST_AUTO_TEST_CASE(a_consumer_that_leaves_takes_its_name_along) {
  RedisServer server;
  const auto site = start_site<RedisStreamQueueSite>(stream_options(server.port()));
  BOOST_TEST(site->get_producer("names")->produce("one"));
  auto probe = server.probe();
  const auto consumers = [&] {
    return probe.checked({"XINFO", "CONSUMERS", "queue:names", "workers"}).elements.size();
  };
  {
    const auto consumer = site->get_consumer("names");
    BOOST_TEST(next_text(*consumer).value_or("") == "one");
    BOOST_TEST(consumers() == 1u);
  }
  BOOST_TEST(consumers() == 0u);
  BOOST_TEST(probe.checked({"XLEN", "queue:names"}).integer == 0);
}

BOOST_AUTO_TEST_SUITE_END()
