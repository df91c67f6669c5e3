#include "support/failing_allocations.hpp"
#include "support/sanitized.hpp"
#include "support/wait_until.hpp"

#include <cachesite/async_consume.hpp>
#include <cachesite/event_loop.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/memory_queue_site.hpp>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::FailingAllocations;
using test::wait_until;

namespace {

/// What handlers and `on_failure` were told, from any thread.
class Diary {
 public:
  void note(std::string_view text) {
    const std::lock_guard lock(mutex_);
    entries_.emplace_back(text);
  }
  [[nodiscard]] std::vector<std::string> entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }
  [[nodiscard]] std::size_t size() const { return entries().size(); }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> entries_;
};

/// Something to await that a test ends.
class Gate {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  [[gnu::noinline]] void await_suspend(std::coroutine_handle<> coroutine) noexcept {
    coroutine_.store(coroutine.address());
  }
  void await_resume() const noexcept {}

  [[nodiscard]] bool is_awaited() const noexcept { return coroutine_.load() != nullptr; }
  void open() { std::coroutine_handle<>::from_address(coroutine_.exchange(nullptr)).resume(); }

 private:
  std::atomic<void*> coroutine_{nullptr};
};

struct World {
  void send(std::string_view text) const { BOOST_REQUIRE(producer->produce(text)); }
  [[nodiscard]] bool is_empty() const {
    const auto counts = site->counts("orders").value();
    return *counts.waiting + *counts.delivered + *counts.delayed == 0;
  }
  template <class Handler>
  [[nodiscard]] std::future<Status> consume(Handler handler, const CallOptions& options = {}) {
    return consumer
        ->async_consume(
            stop.get_token(), std::move(handler),
            [this](const Error& error) { failures.note(error.message()); }, options)
        .future();
  }
  void end(std::future<Status>& consumption) const {
    (void)stop.request_stop();
    BOOST_REQUIRE((consumption.wait_for(30s) == std::future_status::ready));
    BOOST_TEST(consumption.get().ok());
  }

  const std::shared_ptr<MemoryQueueSite> site = std::make_shared<MemoryQueueSite>();
  const std::shared_ptr<IQueueProducer> producer = site->get_producer("orders");
  std::shared_ptr<IQueueConsumer> consumer = site->get_consumer("orders");
  mutable std::stop_source stop;
  Diary handled;
  Diary failures;
};

/// A consumer of a program that has no asynchronous form.
class BlockingConsumer final : public IQueueConsumer {
 public:
  using provides = Provides<IQueueConsumer>;
  [[nodiscard]] const std::string& name() const noexcept override { return name_; }

 protected:
  Result<std::optional<QueueMessage>> do_receive(std::chrono::milliseconds, const std::stop_token&) override {
    return std::optional<QueueMessage>();
  }

 private:
  const std::string name_ = "orders";
};

/// Runs what it is given on a thread of its own.
class OwnThread final : public IExecutor {
 public:
  ~OwnThread() {
    ending_ = true;
    thread_.join();
  }
  void execute(Work& work) noexcept override {
    const std::lock_guard lock(mutex_);
    works_.push_back(&work);
  }
  [[nodiscard]] std::thread::id id() const { return thread_.get_id(); }

 private:
  void run() {
    while (!ending_) {
      std::vector<Work*> works;
      {
        const std::lock_guard lock(mutex_);
        works.swap(works_);
      }
      for (auto* work : works)
        work->run();
      if (works.empty()) std::this_thread::yield();
    }
  }

  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::vector<Work*> works_;
  std::thread thread_{[this] { run(); }};
};

/// Keeps what it is given until the test runs it.
class HoldingExecutor final : public IExecutor {
 public:
  void execute(Work& work) noexcept override { held_.store(&work); }
  [[nodiscard]] bool await_next() const {
    return wait_until([this] { return held_.load() != nullptr; });
  }
  [[nodiscard]] bool run_next() {
    if (!await_next()) return false;
    held_.exchange(nullptr)->run();
    return true;
  }
  [[nodiscard]] bool run_until_ready(const std::future<Status>& future) {
    return wait_until([&] {
      if (held_.load() != nullptr) held_.exchange(nullptr)->run();
      return future.wait_for(0s) == std::future_status::ready;
    });
  }

 private:
  std::atomic<Work*> held_{nullptr};
};

/// A gate whose opener finds out that the message could not be handled.
class FailingGate final : public Gate {
 public:
  [[nodiscard]] Status await_resume() const { return Error(ErrorCode::refused, "no oven"); }
};

using Texts = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(consumption)

BOOST_AUTO_TEST_CASE(each_message_is_handled_once_in_order_and_acknowledged) {
  World world;
  for (const auto* text : {"a", "b", "c"})
    world.send(text);
  auto consumption = world.consume([&](QueueMessage& message) { world.handled.note(message.text()); });
  BOOST_TEST(wait_until([&] { return world.handled.size() == 3; }));
  world.send("d");
  BOOST_TEST(wait_until([&] { return world.handled.size() == 4 && world.is_empty(); }));
  BOOST_TEST(world.handled.entries() == (Texts{"a", "b", "c", "d"}), boost::test_tools::per_element());
  world.end(consumption);
  BOOST_TEST(world.failures.size() == 0U);
}

BOOST_AUTO_TEST_CASE(the_next_message_comes_when_what_the_handler_gave_has_ended) {
  World world;
  Gate gates[2];
  std::atomic<int> begun{0};
  auto consumption = world.consume([&](QueueMessage&) -> Gate& { return gates[begun++]; });
  world.send("first");
  world.send("second");
  BOOST_TEST(wait_until([&] { return gates[0].is_awaited(); }));
  BOOST_TEST(*world.site->counts("orders").value().waiting == 1U);
  BOOST_TEST(begun.load() == 1);
  gates[0].open();
  BOOST_TEST(wait_until([&] { return gates[1].is_awaited(); }));
  gates[1].open();
  BOOST_TEST(wait_until([&] { return world.is_empty(); }));
  world.end(consumption);
}

BOOST_AUTO_TEST_CASE(a_handler_may_give_a_call_of_a_cache) {
  World world;
  const auto cache = std::make_shared<MemoryCache>();
  auto consumption =
      world.consume([&](QueueMessage& message) { return cache->async_write("order", message.text(), 1h); });
  world.send("spoons");
  BOOST_TEST(wait_until([&] { return world.is_empty() && cache->get("order").hit(); }));
  BOOST_TEST(cache->get("order").value().text() == "spoons");
  world.end(consumption);
}

BOOST_AUTO_TEST_CASE(what_could_not_be_handled_comes_again_in_each_form) {
  const auto failing_first = [](auto fail) {
    World world;
    std::atomic<int> tries{0};
    auto consumption = world.consume([&](QueueMessage& message) { return fail(tries++ == 0, message); });
    world.send("order");
    BOOST_TEST(wait_until([&] { return tries == 2 && world.is_empty(); }));
    world.end(consumption);
    BOOST_TEST(world.failures.entries() == Texts{"no oven"}, boost::test_tools::per_element());
  };
  failing_first([](bool fails, QueueMessage&) {
    if (fails) throw std::runtime_error("no oven");
  });
  failing_first([](bool fails, QueueMessage&) {
    return fails ? Status(Error(ErrorCode::refused, "no oven")) : Status(Done{});
  });
  failing_first([](bool fails, QueueMessage&) {
    return fails ? Lookup(Error(ErrorCode::refused, "no oven")) : Lookup();
  });
  const auto cache = std::make_shared<MemoryCache>();
  failing_first([cache](bool fails, QueueMessage&) {
    return cache->async_get("key").map([fails](const Lookup&) {
      if (fails) throw std::runtime_error("no oven");
      return 0;
    });
  });
  failing_first([cache](bool fails, QueueMessage&) {
    return cache->async_get("key").map([fails](const Lookup&) {
      return fails ? Status(Error(ErrorCode::refused, "no oven")) : Status(Done{});
    });
  });
}

BOOST_AUTO_TEST_CASE(the_form_that_waits_rejects_what_a_handler_returns_as_a_failure) {
  World world;
  std::jthread consuming([&](const std::stop_token& stop) {
    world.consumer->consume(
        stop,
        [&](QueueMessage& message) {
          world.handled.note(message.text());
          return world.handled.size() == 1 ? Status(Error(ErrorCode::refused, "no oven")) : Status(Done{});
        },
        [&](const Error& error) { world.failures.note(error.message()); });
  });
  world.send("order");
  BOOST_TEST(wait_until([&] { return world.handled.size() == 2 && world.is_empty(); }));
  BOOST_TEST(world.failures.entries() == Texts{"no oven"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_message_that_the_handler_has_settled_is_left_as_it_is) {
  World world;
  std::atomic<int> rejected{0};
  auto consumption = world.consume([&](QueueMessage& message) {
    if (message.reject(message.deliveries() == 1 ? 0ms : 1h).ok()) ++rejected;
  });
  world.send("order");
  BOOST_TEST(wait_until([&] { return rejected == 2; }));
  world.end(consumption);
  BOOST_TEST(*world.site->counts("orders").value().delivered == 0U);
  BOOST_TEST(*world.site->counts("orders").value().delayed == 1U);
}

BOOST_AUTO_TEST_CASE(each_way_to_end_it_settles_the_message_that_is_being_handled) {
  enum class Way { stop, options, site };
  for (const auto way : {Way::stop, Way::options, Way::site}) {
    World world;
    Gate gate;
    std::stop_source other;
    auto consumption =
        world.consume([&](QueueMessage&) -> Gate& { return gate; }, {.stop = other.get_token()});
    world.send("order");
    world.send("left");
    BOOST_TEST(wait_until([&] { return gate.is_awaited(); }));
    if (way == Way::stop) (void)world.stop.request_stop();
    if (way == Way::options) (void)other.request_stop();
    if (way == Way::site) world.site->stop();
    BOOST_TEST((consumption.wait_for(20ms) == std::future_status::timeout));
    gate.open();
    BOOST_REQUIRE((consumption.wait_for(30s) == std::future_status::ready));
    BOOST_TEST(consumption.get().ok());
    BOOST_TEST(*world.site->counts("orders").value().waiting == 1U);
    BOOST_TEST(*world.site->counts("orders").value().delivered == 0U);
  }
}

BOOST_AUTO_TEST_CASE(it_ends_when_its_caller_is_gone_and_keeps_the_consumer_until_then) {
  struct Caller {
    struct promise_type {
      Caller get_return_object() { return Caller{std::coroutine_handle<promise_type>::from_promise(*this)}; }
      std::suspend_never initial_suspend() noexcept { return {}; }
      std::suspend_always final_suspend() noexcept { return {}; }
      void return_void() noexcept {}
      void unhandled_exception() noexcept { std::terminate(); }
    };
    std::coroutine_handle<promise_type> coroutine;
  };
  World world;
  Gate gate;
  const auto call = [](World& of, Gate& at) -> Caller {
    const auto ended = co_await of.consumer->async_consume(of.stop.get_token(),
                                                           [&at](QueueMessage&) -> Gate& { return at; });
    (void)ended;
  };
  const auto caller = call(world, gate);
  world.send("order");
  BOOST_TEST(wait_until([&] { return gate.is_awaited(); }));
  caller.coroutine.destroy();
  const std::weak_ptr<IQueueConsumer> consumer = world.consumer;
  world.consumer.reset();
  BOOST_TEST(!consumer.expired());
  gate.open();
  BOOST_TEST(wait_until([&] { return consumer.expired() && world.is_empty(); }));
}

BOOST_AUTO_TEST_CASE(messages_at_hand_neither_deepen_the_stack_nor_keep_others_from_the_loop) {
  struct Note final : Work {
    void run() noexcept override { seen = handled->load(); }
    std::atomic<int>* handled = nullptr;
    std::atomic<int> seen{-1};
  };
  World world;
  const int count = 200'000 / test::slowness;
  for (int sent = 0; sent < count; ++sent)
    world.send("order");
  std::atomic<int> handled{0};
  Note note;
  note.handled = &handled;
  auto consumption = world.consume([&](QueueMessage&) {
    if (++handled == 10) EventLoop::shared()->execute(note);
  });
  BOOST_TEST(wait_until([&] { return handled == count && world.is_empty(); }, 60s));
  BOOST_TEST(note.seen.load() >= 10);
  BOOST_TEST(note.seen.load() < 20);
  world.end(consumption);
}

BOOST_AUTO_TEST_CASE(handlers_are_called_by_the_executor_of_the_options) {
  World world;
  OwnThread thread;
  std::atomic<int> elsewhere{0};
  auto consumption = world.consume(
      [&](QueueMessage& message) {
        if (std::this_thread::get_id() != thread.id()) ++elsewhere;
        world.handled.note(message.text());
        if (message.deliveries() == 1) throw std::runtime_error("again");
      },
      {.executor = &thread});
  for (const auto* text : {"a", "b"})
    world.send(text);
  BOOST_TEST(wait_until([&] { return world.handled.size() == 4 && world.is_empty(); }));
  BOOST_TEST(elsewhere.load() == 0);
  world.end(consumption);
}

BOOST_AUTO_TEST_CASE(a_message_that_comes_when_the_caller_has_just_gone_is_neither_handled_nor_lost) {
  World world;
  HoldingExecutor executor;
  std::stop_source gone;
  auto consumption = world.consume([&](QueueMessage& message) { world.handled.note(message.text()); },
                                   {.stop = gone.get_token(), .executor = &executor});
  BOOST_REQUIRE(executor.run_next());  // its first turn: it waits for a message
  world.send("order");
  BOOST_REQUIRE(executor.await_next());
  (void)gone.request_stop();
  BOOST_REQUIRE(executor.run_until_ready(consumption));
  BOOST_TEST(consumption.get().ok());
  BOOST_TEST(world.handled.size() == 0U);
  BOOST_TEST(*world.site->counts("orders").value().waiting == 1U);
}

BOOST_AUTO_TEST_CASE(a_message_that_comes_when_a_stop_has_just_been_requested_is_handled_as_by_consume) {
  World world;
  HoldingExecutor executor;
  auto consumption = world.consume([&](QueueMessage& message) { world.handled.note(message.text()); },
                                   {.executor = &executor});
  BOOST_REQUIRE(executor.run_next());
  world.send("order");
  BOOST_REQUIRE(executor.await_next());
  (void)world.stop.request_stop();
  BOOST_REQUIRE(executor.run_until_ready(consumption));
  BOOST_TEST(consumption.get().ok());
  BOOST_TEST(world.handled.size() == 1U);
  BOOST_TEST(world.is_empty());
}

BOOST_AUTO_TEST_CASE(failures_are_told_by_the_executor_though_a_handler_ends_in_another_thread) {
  OwnThread thread;
  World world;
  FailingGate gate;
  std::atomic<int> told{0};
  std::atomic<int> elsewhere{0};
  auto consumption = world.consumer
                         ->async_consume(
                             world.stop.get_token(), [&](QueueMessage&) -> FailingGate& { return gate; },
                             [&](const Error&) {
                               if (std::this_thread::get_id() != thread.id()) ++elsewhere;
                               ++told;
                             },
                             {.executor = &thread})
                         .future();
  world.send("order");
  BOOST_REQUIRE(wait_until([&] { return gate.is_awaited(); }));
  gate.open();
  BOOST_TEST(wait_until([&] { return told == 1; }));
  BOOST_TEST(elsewhere.load() == 0);
  world.end(consumption);
}

BOOST_AUTO_TEST_CASE(a_message_in_memory_is_kept_and_rejected_without_a_thread) {
  World world;
  world.send("order");
  auto received = world.consumer->async_receive(0ms).wait();
  BOOST_REQUIRE((received.ok() && received.value()));
  auto message = *std::move(received).value();
  BOOST_TEST(message.async_keep().wait().value_or(false));
  BOOST_TEST((message.async_reject(-1ms).wait().error().code() == ErrorCode::bad_argument));
  BOOST_TEST(!message.settled());
  BOOST_TEST(message.async_reject().wait().ok());
  BOOST_TEST(!message.async_keep().wait().value_or(true));
  BOOST_TEST(*world.site->counts("orders").value().waiting == 1U);
}

BOOST_AUTO_TEST_CASE(what_on_failure_throws_ends_it) {
  World world;
  world.send("order");
  const auto ended =
      world.consumer
          ->async_consume(
              world.stop.get_token(), [](QueueMessage&) { throw std::runtime_error("no oven"); },
              [](const Error&) { throw std::runtime_error("enough"); })
          .wait();
  BOOST_REQUIRE(!ended.ok());
  BOOST_TEST(ended.error().message() == "enough");
}

BOOST_AUTO_TEST_CASE(a_consumer_without_an_asynchronous_form_says_so) {
  const auto consumer = std::make_shared<BlockingConsumer>();
  const auto ended = consumer->async_consume({}, [](QueueMessage&) {}).wait();
  BOOST_REQUIRE(!ended.ok());
  BOOST_TEST((ended.error().code() == ErrorCode::unsupported));
}

BOOST_AUTO_TEST_CASE(no_allocation_that_fails_loses_a_message_or_ends_it) {
  World world;
  const auto cache = std::make_shared<MemoryCache>();
  auto consumption =
      world.consume([&](QueueMessage& message) { return cache->async_write(message.text(), "", 1h); });
  int reached = 0;
  for (long failing = 0; failing < 40; ++failing) {
    const std::string text = "order " + std::to_string(failing);
    FailingAllocations failures(FailingAllocations::On::other_threads, failing % 20);
    world.send(text);
    BOOST_TEST(wait_until([&] { return world.is_empty(); }));
    failures.end();
    reached += failures.reached() ? 1 : 0;
    BOOST_TEST(cache->get(text).hit(), text);
  }
  BOOST_TEST(reached > 0);
  world.end(consumption);
}

BOOST_AUTO_TEST_SUITE_END()
