#include "contract/queue_contract.hpp"

#include "support/wait_until.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace cachesite::test {

namespace {

using namespace std::chrono_literals;
using MakeSubject = std::function<QueueSubject(const QueueSettings&)>;
using Clause = void (*)(const MakeSubject&);

constexpr auto long_wait = 10s;
// Something that is to come soon, on a busy machine; a wait that only its end ends takes longer.
constexpr auto very_long_wait = 30s;
constexpr auto soon = 10s;

QueueMessage must_receive(IQueueConsumer& consumer, std::chrono::milliseconds wait = long_wait) {
  auto received = consumer.receive(wait);
  BOOST_REQUIRE_MESSAGE(received.ok(), (received.ok() ? "" : std::string(received.error().message())));
  BOOST_REQUIRE(received.value().has_value());
  return std::move(*std::move(received).value());
}

bool nothing_comes(IQueueConsumer& consumer, std::chrono::milliseconds wait = 0ms) {
  const auto received = consumer.receive(wait);
  BOOST_REQUIRE_MESSAGE(received.ok(), (received.ok() ? "" : std::string(received.error().message())));
  return !received.value().has_value();
}

// --- every queue

void messages_arrive_as_they_were_sent_and_in_order(const MakeSubject& make) {
  const auto subject = make({});
  const auto consumer = subject.other->get_consumer("orders");
  const auto producer = subject.site->get_producer("orders");
  BOOST_TEST(producer->name() == "orders");
  BOOST_TEST(consumer->name() == "orders");
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte)
    bytes.push_back(static_cast<char>(byte));
  const std::vector<std::string> sent{"first", "", bytes, std::string(1 << 20, 'x'), "last"};
  for (const auto& message : sent)
    BOOST_TEST(producer->produce(message));
  for (const auto& message : sent) {
    auto received = must_receive(*consumer);
    BOOST_TEST((received.text() == message));
    BOOST_TEST(received.size() == message.size());
    BOOST_TEST(received.bytes().size() == message.size());
    BOOST_TEST(received.deliveries() == 1u);
    BOOST_TEST(!received.settled());
    BOOST_TEST(received.acknowledge().ok());
    BOOST_TEST(received.settled());
  }
  BOOST_TEST(nothing_comes(*consumer));
}

void an_empty_queue_gives_nothing_when_the_wait_is_over(const MakeSubject& make) {
  const auto subject = make({});
  const auto consumer = subject.site->get_consumer("empty");
  BOOST_TEST(nothing_comes(*consumer));
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(nothing_comes(*consumer, 30ms));
  const auto took = std::chrono::steady_clock::now() - begin;
  BOOST_TEST((took >= 30ms && took < soon));
  BOOST_TEST(nothing_comes(*consumer, -5ms));
}

void who_waits_gets_the_message_that_is_sent(const MakeSubject& make) {
  const auto subject = make({});
  const auto consumer = subject.other->get_consumer("awaited");
  std::atomic<bool> asked{false};
  std::string text;
  std::thread waiter([&] {
    asked = true;
    auto received = consumer->receive(very_long_wait);
    if (!received.ok() || !received.value()) return;
    text = received.value()->text();
    (void)std::move(received).value()->acknowledge();
  });
  wait_until([&] { return asked.load(); });
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(subject.site->get_producer("awaited")->produce("here"));
  waiter.join();
  BOOST_TEST(text == "here");
  BOOST_TEST((std::chrono::steady_clock::now() - begin < soon));
}

void queues_do_not_mix(const MakeSubject& make) {
  const auto subject = make({});
  const auto left = subject.site->get_consumer("left");
  const auto right = subject.site->get_consumer("right {x}:*");
  BOOST_TEST(subject.site->get_producer("left")->produce("l"));
  BOOST_TEST(subject.site->get_producer("right {x}:*")->produce("r"));
  auto first = must_receive(*left);
  auto second = must_receive(*right);
  BOOST_TEST(first.text() == "l");
  BOOST_TEST(second.text() == "r");
  (void)first.acknowledge();
  (void)second.acknowledge();
  BOOST_TEST(nothing_comes(*left));
}

void waiting_ends_when_it_is_told_to(const MakeSubject& make) {
  const auto subject = make({});
  const auto consumer = subject.site->get_consumer("told");
  std::stop_source stop;
  std::optional<Error> error;
  std::thread waiter([&] {
    const auto received = consumer->receive(1h, stop.get_token());
    if (!received.ok()) error = received.error();
  });
  const auto begin = std::chrono::steady_clock::now();
  stop.request_stop();
  waiter.join();
  BOOST_TEST((std::chrono::steady_clock::now() - begin < soon));
  BOOST_REQUIRE(error.has_value());
  BOOST_TEST(to_string(error->code()) == "closed");
  BOOST_TEST(nothing_comes(*consumer));
}

void consuming_goes_on_until_it_is_told_to_end(const MakeSubject& make) {
  const auto subject = make({});
  const auto consumer = subject.site->get_consumer("stream");
  const auto producer = subject.other->get_producer("stream");
  for (int number = 0; number < 10; ++number)
    BOOST_TEST(producer->produce(std::to_string(number)));
  std::stop_source stop;
  std::string all;
  consumer->consume(stop.get_token(), [&](const QueueMessage& message) {
    all += message.text();
    if (all.size() == 10) stop.request_stop();
  });
  BOOST_TEST(all == "0123456789");
}

void wrong_names_are_refused(const MakeSubject& make) {
  const auto subject = make({});
  for (const auto& name : {std::string(), std::string(IQueueSite::longest_name + 1, 'n')}) {
    BOOST_CHECK_THROW((void)subject.site->get_producer(name), std::invalid_argument);
    BOOST_CHECK_THROW((void)subject.site->get_consumer(name), std::invalid_argument);
    BOOST_TEST(!subject.site->counts(name).ok());
  }
  const auto sent = subject.site->get_producer("delay")->send("x", -1ms);
  BOOST_REQUIRE(!sent.ok());
  BOOST_TEST(to_string(sent.error().code()) == "bad_argument");
}

void after_stop_every_call_fails_with_closed(const MakeSubject& make) {
  const auto subject = make({});
  const auto consumer = subject.site->get_consumer("ended");
  const auto producer = subject.site->get_producer("ended");
  std::thread loop([&] { consumer->consume({}, [](const QueueMessage&) {}); });
  std::optional<Error> error;
  std::thread waiter([&] {
    const auto received = consumer->receive(1h);
    if (!received.ok()) error = received.error();
  });
  subject.site->stop();
  loop.join();
  waiter.join();
  BOOST_REQUIRE(error.has_value());
  BOOST_TEST(to_string(error->code()) == "closed");
  BOOST_TEST(!producer->produce("late"));
  BOOST_TEST(to_string(producer->send("late").error().code()) == "closed");
  BOOST_TEST(!consumer->receive(0ms).ok());
  subject.site->stop();
}

// --- queues that keep their messages

void messages_wait_for_a_consumer(const MakeSubject& make) {
  const auto subject = make({});
  const auto id = subject.site->get_producer("early")->send("before anybody came");
  BOOST_REQUIRE(id.ok());
  BOOST_TEST(!id.value().empty());
  auto message = must_receive(*subject.other->get_consumer("early"));
  BOOST_TEST(message.text() == "before anybody came");
  BOOST_TEST(message.id() == id.value());
  BOOST_TEST(message.acknowledge().ok());
}

void each_message_goes_to_one_consumer(const MakeSubject& make) {
  const auto subject = make({});
  const auto producer = subject.site->get_producer("shared");
  constexpr int count = 200;
  for (int number = 0; number < count; ++number)
    BOOST_TEST(producer->produce(std::to_string(number)));
  std::mutex mutex;
  std::map<std::string, int> seen;
  std::stop_source stop;
  const auto work = [&](const std::shared_ptr<IQueueSite>& site) {
    const auto consumer = site->get_consumer("shared");
    consumer->consume(stop.get_token(), [&](const QueueMessage& message) {
      const std::lock_guard lock(mutex);
      ++seen[std::string(message.text())];
      if (seen.size() == count) stop.request_stop();
    });
  };
  std::thread first(work, subject.site);
  std::thread second(work, subject.other);
  first.join();
  second.join();
  BOOST_TEST(seen.size() == static_cast<std::size_t>(count));
  for (const auto& [text, times] : seen)
    BOOST_TEST(times == 1);
}

void a_rejected_message_comes_again(const MakeSubject& make) {
  const auto subject = make({});
  const auto producer = subject.site->get_producer("rejected");
  const auto consumer = subject.other->get_consumer("rejected");
  BOOST_TEST(producer->produce("try again"));
  std::string id;
  for (std::uint64_t delivery = 1; delivery <= 3; ++delivery) {
    auto message = must_receive(*consumer);
    BOOST_TEST(message.text() == "try again");
    BOOST_TEST(message.deliveries() == delivery);
    if (delivery > 1) BOOST_TEST(message.id() == id);
    id = message.id();
    if (delivery < 3)
      BOOST_TEST(message.reject().ok());
    else
      BOOST_TEST(message.acknowledge().ok());
  }
  BOOST_TEST(nothing_comes(*consumer, 20ms));
}

void a_message_rejected_for_a_while_comes_after_it(const MakeSubject& make) {
  const auto subject = make({});
  const auto consumer = subject.site->get_consumer("later");
  BOOST_TEST(subject.other->get_producer("later")->produce("in a moment"));
  auto message = must_receive(*consumer);
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(message.reject(150ms).ok());
  auto again = must_receive(*consumer, very_long_wait);
  const auto took = std::chrono::steady_clock::now() - begin;
  BOOST_TEST((took >= 149ms && took < soon));
  BOOST_TEST(again.deliveries() == 2u);
  BOOST_TEST(again.acknowledge().ok());
}

void a_message_that_nobody_acknowledges_comes_again(const MakeSubject& make) {
  const auto subject = make({.redeliver_after = 150ms});
  BOOST_TEST(subject.site->get_producer("stale")->produce("job"));
  const auto begin = std::chrono::steady_clock::now();
  const auto lazy = subject.site->get_consumer("stale");
  auto stuck = must_receive(*lazy);
  auto again = must_receive(*subject.other->get_consumer("stale"), very_long_wait);
  const auto took = std::chrono::steady_clock::now() - begin;
  BOOST_TEST((took >= 149ms && took < soon));
  BOOST_TEST(again.text() == "job");
  BOOST_TEST(again.deliveries() == 2u);
  BOOST_TEST(again.acknowledge().ok());
  BOOST_TEST(nothing_comes(*lazy, 200ms));
}

void a_message_that_is_kept_stays(const MakeSubject& make) {
  const auto subject = make({.redeliver_after = 1s});
  BOOST_TEST(subject.site->get_producer("kept")->produce("long work"));
  auto message = must_receive(*subject.site->get_consumer("kept"));
  const auto other = subject.other->get_consumer("kept");
  const auto end = std::chrono::steady_clock::now() + 1500ms;
  while (std::chrono::steady_clock::now() < end) {
    BOOST_REQUIRE(message.keep().value_or(false));
    BOOST_REQUIRE(nothing_comes(*other, 30ms));
  }
  BOOST_TEST(message.acknowledge().ok());
  BOOST_TEST(!message.keep().value_or(true));
}

// Runs `then` while a consumer waits, and returns how long the message took to come from then on.
std::chrono::steady_clock::duration time_until_it_comes(const std::shared_ptr<IQueueConsumer>& consumer,
                                                        const std::function<void()>& then) {
  std::atomic<bool> asked{false};
  std::optional<std::chrono::steady_clock::time_point> came;
  std::thread waiter([&] {
    asked = true;
    auto received = consumer->receive(very_long_wait);
    if (!received.ok() || !received.value()) return;
    came = std::chrono::steady_clock::now();
    (void)std::move(received).value()->acknowledge();
  });
  wait_until([&] { return asked.load(); });
  (void)nothing_comes(*consumer, 20ms);  // by now it waits
  const auto begin = std::chrono::steady_clock::now();
  then();
  waiter.join();
  BOOST_REQUIRE(came.has_value());
  return *came - begin;
}

void a_message_that_is_delayed_while_somebody_waits_comes_when_it_is_due(const MakeSubject& make) {
  const auto subject = make({});
  const auto producer = subject.site->get_producer("delayed meanwhile");
  const auto took = time_until_it_comes(subject.other->get_consumer("delayed meanwhile"),
                                        [&] { BOOST_TEST(producer->send("late", 200ms).ok()); });
  BOOST_TEST((took >= 199ms && took < soon));
}

void a_message_that_another_does_not_acknowledge_comes_to_who_waits(const MakeSubject& make) {
  const auto subject = make({.redeliver_after = 300ms});
  const auto lazy = subject.site->get_consumer("taken meanwhile");
  BOOST_TEST(subject.site->get_producer("taken meanwhile")->produce("job"));
  auto stuck = must_receive(*lazy);
  const auto took = time_until_it_comes(subject.other->get_consumer("taken meanwhile"), [] {});
  BOOST_TEST((took < soon));
}

void what_a_consumer_leaves_goes_to_the_next(const MakeSubject& make) {
  const auto subject = make({});
  const auto producer = subject.site->get_producer("left behind");
  for (int number = 0; number < 8; ++number)
    BOOST_TEST(producer->produce(std::to_string(number)));
  {
    const auto first = subject.site->get_consumer("left behind");
    auto message = must_receive(*first);
    BOOST_TEST(message.text() == "0");
    BOOST_TEST(message.acknowledge().ok());
  }
  const auto next = subject.other->get_consumer("left behind");
  std::set<std::string> rest;
  for (int number = 1; number < 8; ++number) {
    auto message = must_receive(*next);
    rest.insert(std::string(message.text()));
    BOOST_TEST(message.acknowledge().ok());
  }
  BOOST_TEST(rest.size() == 7u);
  BOOST_TEST(nothing_comes(*next));
}

void a_handler_that_throws_gets_the_message_again(const MakeSubject& make) {
  const auto subject = make({});
  BOOST_TEST(subject.site->get_producer("thrown")->produce("hot"));
  std::stop_source stop;
  int attempts = 0;
  std::vector<std::string> failures;
  subject.other->get_consumer("thrown")->consume(
      stop.get_token(),
      [&](const QueueMessage&) {
        if (++attempts < 3) throw std::runtime_error("no " + std::to_string(attempts));
        stop.request_stop();
      },
      [&](const Error& error) { failures.emplace_back(error.message()); });
  BOOST_TEST(attempts == 3);
  BOOST_TEST((failures == std::vector<std::string>{"no 1", "no 2"}));
}

void a_delayed_message_comes_after_its_delay(const MakeSubject& make) {
  const auto subject = make({});
  const auto producer = subject.site->get_producer("delayed");
  const auto consumer = subject.other->get_consumer("delayed");
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(producer->send("late", 300ms).ok());
  BOOST_TEST(producer->send("soon", 100ms).ok());
  BOOST_TEST(producer->send("late", 300ms).ok());
  BOOST_TEST(producer->send("now").ok());
  const auto elapsed = [&] { return std::chrono::steady_clock::now() - begin; };
  const auto take = [&] {
    auto message = must_receive(*consumer, very_long_wait);
    BOOST_TEST(message.acknowledge().ok());
    return std::string(message.text());
  };
  BOOST_TEST(take() == "now");
  BOOST_TEST(take() == "soon");
  BOOST_TEST((elapsed() >= 99ms));
  BOOST_TEST(take() == "late");
  BOOST_TEST((elapsed() >= 299ms));
  BOOST_TEST(take() == "late");
  BOOST_TEST((elapsed() < soon));
  BOOST_TEST(nothing_comes(*consumer));
}

void a_message_that_fails_too_often_is_given_up(const MakeSubject& make) {
  const auto subject = make({.max_deliveries = 2});
  BOOST_TEST(subject.site->get_producer("poison")->produce("bad"));
  const auto consumer = subject.other->get_consumer("poison");
  for (int delivery = 0; delivery < 2; ++delivery)
    BOOST_TEST(must_receive(*consumer).reject().ok());
  BOOST_TEST(nothing_comes(*consumer, 50ms));
  BOOST_TEST(wait_until([&] {
    (void)nothing_comes(*consumer);
    const auto counts = subject.site->counts("poison");
    return counts.ok() && counts.value().dead == 1u && counts.value().delivered == 0u;
  }));
}

void what_a_consumer_leaves_unseen_is_delivered_for_the_first_time(const MakeSubject& make) {
  const auto subject = make({.max_deliveries = 1});
  const auto producer = subject.site->get_producer("unseen");
  for (const auto* message : {"seen", "first", "second"})
    BOOST_TEST(producer->produce(message));
  BOOST_TEST(must_receive(*subject.other->get_consumer("unseen")).acknowledge().ok());
  const auto next = subject.other->get_consumer("unseen");
  for (int number = 0; number < 2; ++number) {
    auto message = must_receive(*next);
    BOOST_TEST(message.deliveries() == 1u);
    BOOST_TEST(message.acknowledge().ok());
  }
  BOOST_TEST(subject.site->counts("unseen").value().dead.value_or(0) == 0u);
}

void counts_tell_where_messages_are(const MakeSubject& make) {
  const auto subject = make({});
  const auto producer = subject.site->get_producer("counted");
  const auto counts = [&] {
    const auto counted = subject.other->counts("counted");
    BOOST_REQUIRE(counted.ok());
    return counted.value();
  };
  BOOST_TEST(counts().waiting.value() == 0u);
  BOOST_TEST(producer->produce("a"));
  BOOST_TEST(producer->send("b", 1h).ok());
  BOOST_TEST(counts().waiting.value() == 1u);
  BOOST_TEST(counts().delayed.value() == 1u);
  auto message = must_receive(*subject.site->get_consumer("counted"));
  BOOST_TEST(counts().waiting.value() == 0u);
  BOOST_TEST(counts().delivered.value() == 1u);
  BOOST_TEST(message.acknowledge().ok());
  BOOST_TEST(counts().delivered.value() == 0u);
  BOOST_TEST(counts().dead.value() == 0u);
}

void many_threads_lose_nothing(const MakeSubject& make) {
  const auto subject = make({});
  constexpr int threads = 4;
  constexpr int each = 250;
  std::mutex mutex;
  std::map<std::string, int> seen;
  std::stop_source stop;
  std::vector<std::thread> workers;
  // One consumer that two threads share, and one for each of two others.
  const auto shared = subject.site->get_consumer("busy");
  for (int index = 0; index < threads; ++index) {
    workers.emplace_back([&, index] {
      const auto consumer = index < 2 ? shared : subject.other->get_consumer("busy");
      consumer->consume(stop.get_token(), [&](const QueueMessage& message) {
        const std::lock_guard lock(mutex);
        ++seen[std::string(message.text())];
      });
    });
    workers.emplace_back([&, index] {
      const auto producer = (index % 2 == 0 ? subject.site : subject.other)->get_producer("busy");
      for (int number = 0; number < each; ++number)
        if (!producer->produce(std::to_string(index * each + number))) std::abort();
    });
  }
  BOOST_TEST(wait_until(
      [&] {
        const std::lock_guard lock(mutex);
        return seen.size() == std::size_t{threads} * each;
      },
      60s));
  stop.request_stop();
  for (auto& worker : workers)
    worker.join();
  for (const auto& [text, times] : seen)
    if (times != 1) BOOST_ERROR("message " + text + " came " + std::to_string(times) + " times");
}

// --- queues that publish

void every_consumer_gets_every_message(const MakeSubject& make) {
  const auto subject = make({});
  const auto first = subject.site->get_consumer("news");
  const auto second = subject.other->get_consumer("news");
  BOOST_TEST(subject.site->get_producer("news")->produce("for all"));
  BOOST_TEST(must_receive(*first).text() == "for all");
  BOOST_TEST(must_receive(*second).text() == "for all");
}

void a_message_without_consumers_is_lost(const MakeSubject& make) {
  const auto subject = make({});
  BOOST_TEST(subject.site->get_producer("void")->produce("nobody hears"));
  const auto consumer = subject.site->get_consumer("void");
  BOOST_TEST(nothing_comes(*consumer, 20ms));
}

void delays_are_refused(const MakeSubject& make) {
  const auto subject = make({});
  const auto sent = subject.site->get_producer("news")->send("later", 1ms);
  BOOST_REQUIRE(!sent.ok());
  BOOST_TEST(to_string(sent.error().code()) == "bad_argument");
}

enum class Of { all, keeping, publishing };

struct NamedClause {
  const char* name;
  Clause check;
  Of kind;
};

#define CLAUSE(kind, name) \
  NamedClause {            \
#name, name, Of::kind  \
  }

const NamedClause clauses[] = {
    CLAUSE(all, messages_arrive_as_they_were_sent_and_in_order),
    CLAUSE(all, an_empty_queue_gives_nothing_when_the_wait_is_over),
    CLAUSE(all, who_waits_gets_the_message_that_is_sent),
    CLAUSE(all, queues_do_not_mix),
    CLAUSE(all, waiting_ends_when_it_is_told_to),
    CLAUSE(all, consuming_goes_on_until_it_is_told_to_end),
    CLAUSE(all, wrong_names_are_refused),
    CLAUSE(all, after_stop_every_call_fails_with_closed),
    CLAUSE(keeping, messages_wait_for_a_consumer),
    CLAUSE(keeping, each_message_goes_to_one_consumer),
    CLAUSE(keeping, a_rejected_message_comes_again),
    CLAUSE(keeping, a_message_rejected_for_a_while_comes_after_it),
    CLAUSE(keeping, a_message_that_nobody_acknowledges_comes_again),
    CLAUSE(keeping, a_message_that_is_kept_stays),
    CLAUSE(keeping, a_message_that_is_delayed_while_somebody_waits_comes_when_it_is_due),
    CLAUSE(keeping, a_message_that_another_does_not_acknowledge_comes_to_who_waits),
    CLAUSE(keeping, what_a_consumer_leaves_goes_to_the_next),
    CLAUSE(keeping, a_handler_that_throws_gets_the_message_again),
    CLAUSE(keeping, a_delayed_message_comes_after_its_delay),
    CLAUSE(keeping, a_message_that_fails_too_often_is_given_up),
    CLAUSE(keeping, what_a_consumer_leaves_unseen_is_delivered_for_the_first_time),
    CLAUSE(keeping, counts_tell_where_messages_are),
    CLAUSE(keeping, many_threads_lose_nothing),
    CLAUSE(publishing, every_consumer_gets_every_message),
    CLAUSE(publishing, a_message_without_consumers_is_lost),
    CLAUSE(publishing, delays_are_refused),
};

}  // namespace

bool register_queue_contract(const std::string& name, QueueKind kind, MakeSubject make_subject) {
  auto* const suite = BOOST_TEST_SUITE(name);
  const Of also = kind == QueueKind::keeps ? Of::keeping : Of::publishing;
  for (const auto& clause : clauses) {
    if (clause.kind != Of::all && clause.kind != also) continue;
    suite->add(boost::unit_test::make_test_case([make_subject, check = clause.check] { check(make_subject); },
                                                clause.name, __FILE__, __LINE__));
  }
  boost::unit_test::framework::master_test_suite().add(suite);
  return true;
}

}  // namespace cachesite::test
