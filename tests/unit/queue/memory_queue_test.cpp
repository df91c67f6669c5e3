#include "queue/memory_queue.hpp"

#include "support/failing_allocations.hpp"
#include "support/fake_clock.hpp"
#include "support/sanitized.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using queue::MemoryQueue;
using test::FailingAllocations;

namespace {

struct QueueWorld {
  explicit QueueWorld(MemoryQueueSiteOptions options = {})
      : queue(std::make_shared<MemoryQueue>("orders", options, clock)) {}

  void send(const std::string& text, std::chrono::milliseconds delay = 0ms) const {
    BOOST_REQUIRE(queue->send(ByteView(text), delay).ok());
  }
  [[nodiscard]] std::optional<QueueMessage> receive() const {
    auto received = queue->receive(0ms, {});
    BOOST_REQUIRE(received.ok());
    return std::move(received).value();
  }
  /// "waiting delivered delayed dead"
  [[nodiscard]] std::string counts() const {
    const auto all = queue->counts().value();
    return std::to_string(*all.waiting) + " " + std::to_string(*all.delivered) + " " +
           std::to_string(*all.delayed) + " " + std::to_string(*all.dead);
  }
  [[nodiscard]] std::string all_texts() const {
    std::string texts;
    while (auto message = receive()) {
      texts += std::string(message->text().substr(0, 1));
      BOOST_TEST(message->acknowledge().ok());
    }
    return texts;
  }

  const std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  const std::shared_ptr<MemoryQueue> queue;
};

MemoryQueueSiteOptions redelivering(std::chrono::milliseconds after) {
  MemoryQueueSiteOptions options;
  options.redeliver_after = after;
  return options;
}

// Runs `act` once for each allocation that it makes, which fails; returns how many there are.
long at_each_allocation(const std::function<void(QueueWorld&)>& act,
                        const std::function<void(QueueWorld&)>& check) {
  long failing = 0;
  for (bool reached = true; reached; ++failing) {
    BOOST_REQUIRE(failing < 100);
    BOOST_TEST_CONTEXT("allocation " << failing) {
      QueueWorld world;
      for (const char* text : {"a", "b", "c"})
        world.send(text + std::string(200, '.'));
      {
        const FailingAllocations failures(FailingAllocations::On::this_thread, failing);
        try {
          act(world);
        } catch (const std::bad_alloc&) {
        }
        reached = failures.reached();
      }
      check(world);
    }
  }
  return failing - 1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(memory_queue)

BOOST_AUTO_TEST_CASE(an_allocation_that_fails_while_a_message_is_received_loses_none) {
  const auto allocations = at_each_allocation([](QueueWorld& world) { (void)world.queue->receive(0ms, {}); },
                                              [](QueueWorld& world) {
                                                BOOST_TEST(world.counts() == "3 0 0 0");
                                                auto texts =
                                                    world.all_texts();  // what was received is the last now
                                                std::sort(texts.begin(), texts.end());
                                                BOOST_TEST(texts == "abc");
                                              });
  BOOST_TEST(allocations > 0);
}

BOOST_AUTO_TEST_CASE(an_allocation_that_fails_while_a_message_is_sent_leaves_the_queue_as_it_was) {
  const std::string text(200, 'd');
  bool sent = false;
  const auto allocations = at_each_allocation(
      [&](QueueWorld& world) {
        sent = false;
        sent = world.queue->send(ByteView(text), 0ms).ok();
      },
      [&](QueueWorld& world) { BOOST_TEST(world.all_texts() == (sent ? "abcd" : "abc")); });
  BOOST_TEST(allocations > 0);
}

BOOST_AUTO_TEST_CASE(giving_messages_back_keeping_and_acknowledging_them_needs_no_memory) {
  QueueWorld world;
  for (const char* text : {"a", "b", "c", "d"})
    world.send(text);
  auto dropped = world.receive();
  auto rejected = world.receive();
  auto delayed = world.receive();
  auto kept = world.receive();
  {
    const FailingAllocations no_memory(FailingAllocations::On::this_thread, 0, FailingAllocations::all);
    dropped.reset();
    (void)rejected->reject();
    (void)delayed->reject(1s);
    (void)kept->keep();
    (void)kept->acknowledge();
    BOOST_TEST(!no_memory.reached());
  }
  BOOST_TEST(world.counts() == "2 0 1 0");
  world.clock->advance(1s);
  BOOST_TEST(world.all_texts() == "abc");
}

BOOST_AUTO_TEST_CASE(a_message_becomes_ready_at_its_time_without_memory) {
  QueueWorld world(redelivering(1s));
  world.send("a");
  world.send("b", 1s);
  auto out = world.receive();
  world.clock->advance(1s);
  {
    const FailingAllocations no_memory(FailingAllocations::On::this_thread, 0, FailingAllocations::all);
    try {
      (void)world.queue->receive(0ms, {});
    } catch (const std::bad_alloc&) {
    }
  }
  BOOST_TEST(world.counts() == "2 0 0 0");
}

BOOST_AUTO_TEST_CASE(a_message_comes_again_exactly_when_its_time_is_up) {
  QueueWorld world(redelivering(1s));
  world.send("a");
  auto first = world.receive();
  world.clock->advance(999ms);
  BOOST_TEST(!world.receive());
  world.clock->advance(1ms);
  auto second = world.receive();
  BOOST_REQUIRE(second);
  BOOST_TEST(second->deliveries() == 2U);
  BOOST_TEST(second->id() == first->id());
  // The first handing out has nothing to say any more, but that the work is done.
  BOOST_TEST(!first->keep().value_or(true));
  BOOST_TEST(first->acknowledge().ok());
  BOOST_TEST(world.counts() == "0 0 0 0");
}

BOOST_AUTO_TEST_CASE(who_was_late_does_not_give_back_what_another_has_by_now) {
  QueueWorld world(redelivering(1s));
  world.send("a");
  auto first = world.receive();
  world.clock->advance(1s);
  auto second = world.receive();
  BOOST_TEST(first->reject().ok());
  BOOST_TEST(world.counts() == "0 1 0 0");
  first.reset();
  BOOST_TEST(world.counts() == "0 1 0 0");
  BOOST_TEST(second->acknowledge().ok());
}

BOOST_AUTO_TEST_CASE(a_kept_message_has_its_whole_time_again) {
  QueueWorld world(redelivering(1s));
  world.send("a");
  auto message = world.receive();
  for (int turn = 0; turn < 5; ++turn) {
    world.clock->advance(900ms);
    BOOST_TEST(message->keep().value_or(false));
    BOOST_TEST(!world.receive());
  }
  world.clock->advance(1s);
  BOOST_TEST(world.receive().has_value());
}

BOOST_AUTO_TEST_CASE(messages_that_are_due_come_by_their_time_and_then_by_their_order) {
  QueueWorld world;
  world.send("d", 3s);
  world.send("b", 1s);
  world.send("c", 1s);
  world.send("a");
  BOOST_TEST(world.counts() == "1 0 3 0");
  world.clock->advance(3s);
  BOOST_TEST(world.all_texts() == "abcd");
}

BOOST_AUTO_TEST_CASE(a_message_is_given_up_after_its_last_delivery_however_that_ends) {
  auto options = redelivering(1s);
  options.max_deliveries = 1;
  QueueWorld world(options);
  for (const char* text : {"a", "b", "c"})
    world.send(text);
  auto rejected = world.receive();
  auto dropped = world.receive();
  auto forgotten = world.receive();
  BOOST_TEST(rejected->reject(1s).ok());
  dropped.reset();
  world.clock->advance(1s);
  BOOST_TEST(!world.receive());
  BOOST_TEST(world.counts() == "0 0 0 3");
  BOOST_TEST(forgotten->acknowledge().ok());
  BOOST_TEST(world.counts() == "0 0 0 3");
}

BOOST_AUTO_TEST_CASE(a_full_queue_counts_what_is_in_work_and_delayed_and_has_room_again) {
  MemoryQueueSiteOptions options;
  options.max_messages = 3;
  QueueWorld world(options);
  world.send("a");
  world.send("b", 1s);
  world.send("c");
  auto out = world.receive();
  const auto refused = world.queue->send(ByteView("d"), 0ms);
  BOOST_REQUIRE(!refused.ok());
  BOOST_TEST(to_string(refused.error().code()) == "refused");
  BOOST_TEST(out->acknowledge().ok());
  world.send("d");
  BOOST_TEST(!world.queue->send(ByteView("e"), 0ms).ok());
}

BOOST_AUTO_TEST_CASE(receiving_does_not_slow_down_with_the_messages_in_work) {
  QueueWorld world;
  constexpr int count = test::sanitized ? 10'000 : 100'000;
  std::vector<QueueMessage> in_work;
  in_work.reserve(count);
  for (int number = 0; number < count; ++number)
    world.send("x");
  const auto begin = std::chrono::steady_clock::now();
  for (int number = 0; number < count; ++number)
    in_work.push_back(std::move(*world.receive()));
  // A walk over what is in work at each receive takes minutes.
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 20s));
  BOOST_TEST(world.counts() == "0 " + std::to_string(count) + " 0 0");
}

BOOST_AUTO_TEST_SUITE_END()
