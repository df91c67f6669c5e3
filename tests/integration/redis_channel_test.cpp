// Threads, callbacks of an event loop and cancellations on one connection to a real server. CACHESITE_SECONDS
// says for how long, for a run by hand.

#include "basics/stop_signal.hpp"
#include "integration/epoll_home.hpp"
#include "redis/transport/connector.hpp"
#include "support/redis_lab.hpp"
#include "support/wait_until.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

constexpr auto bulk = static_cast<ReplyKinds>(ReplyKind::bulk);

std::chrono::milliseconds duration() {
  const char* const wish = std::getenv("CACHESITE_SECONDS");
  return wish != nullptr ? std::chrono::seconds(std::atoi(wish)) : 700ms;
}

/// Texts that nobody asks for twice; some are large.
class Texts {
 public:
  explicit Texts(std::string name) : name_(std::move(name)) {}
  std::string next() {
    const auto number = ++count_;
    return name_ + ":" + std::to_string(number) + std::string(number % 53 == 0 ? 40'000 : number % 7, 'x');
  }

 private:
  std::string name_;
  std::size_t count_ = 0;
};

struct Tally {
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> withdrawn{0};
  std::atomic<std::uint64_t> wrong{0};
};

/// Asks again and again, as a coroutine would: each question follows from the end of the one before.
class Asker : public Waiter {
 public:
  Asker(Channel& channel, Tally& tally, std::string name)
      : channel_(channel), tally_(tally), texts_(std::move(name)) {
    reply = &answer_;
    ended = [](Waiter& waiter, TimePoint) noexcept { static_cast<Asker&>(waiter).on_end(); };
  }
  void ask() {
    if (stopping) {
      idle = true;
      return;
    }
    text_ = Value(std::string_view(texts_.next()));
    answer_.kind = ReplyKind::none;
    const std::array<Argument, 2> words{{{"ECHO"}, {text_.text()}}};
    deadline = SteadyTime::now() + 1min;
    const auto submission = channel_.submit({words, bulk, true, false, &text_}, *this, SteadyTime::now());
    if (submission != Submission::accepted) fail();
  }
  void on_withdrawn() {
    ++tally_.withdrawn;
    ask();
  }

  std::atomic<bool> idle{false};
  static inline std::atomic<bool> stopping{false};

 private:
  void on_end() {
    if (ending == Ending::answered && answer_.text() == text_.text()) {
      ++tally_.answered;
      ask();
    } else {
      fail();
    }
  }
  void fail() {
    ++tally_.wrong;
    idle = true;
  }

  Channel& channel_;
  Tally& tally_;
  Texts texts_;
  Value text_;
  Reply answer_;
};

void call_again_and_again(Channel& channel, Tally& tally, std::string name) {
  Texts texts(std::move(name));
  Reply reply;
  std::optional<Error> loss;
  while (!Asker::stopping) {
    const std::string text = texts.next();
    const std::array<Argument, 2> words{{{"ECHO"}, {text}}};
    const auto now = SteadyTime::now();
    const auto ending = channel.call({words, bulk, true}, reply, now, now + 1min, loss);
    ++(ending == Ending::answered && reply.text() == text ? tally.answered : tally.wrong);
  }
}

void withdraw_again_and_again(Channel& channel, EpollHome& home, std::deque<Asker>& askers) {
  std::mt19937 dice(1);
  while (!Asker::stopping) {
    Asker& asker = askers[dice() % askers.size()];
    if (channel.withdraw(asker)) home.post([&asker] { asker.on_withdrawn(); });
    std::this_thread::sleep_for(std::chrono::microseconds(dice() % 200));
  }
}

std::unique_ptr<Transport> connect(ConnectorOptions options) {
  const basics::StopSignal stop;
  auto outcome = Connector(std::move(options)).connect(stop, [](Transport*) {});
  BOOST_REQUIRE_MESSAGE(outcome.transport, (outcome.error ? outcome.error->message() : ""));
  return std::move(outcome.transport);
}

void mix(std::unique_ptr<Transport> transport) {
  Asker::stopping = false;
  std::atomic<int> losses{0};
  ChannelLimits limits;
  limits.most_requests = 24;  // so that some have to wait for room
  limits.patience = 5s;
  Channel channel(limits, [&](const Error&) { ++losses; });
  EpollHome home;
  channel.set_home(home);
  channel.open(std::move(transport));

  Tally of_threads;
  Tally of_loop;
  std::deque<Asker> askers;
  for (int number = 0; number < 32; ++number)
    askers.emplace_back(channel, of_loop, "loop" + std::to_string(number));
  home.post([&] {
    for (auto& asker : askers)
      asker.ask();
  });
  std::vector<std::thread> threads;
  for (int number = 0; number < 6; ++number)
    threads.emplace_back(
        [&, number] { call_again_and_again(channel, of_threads, "thread" + std::to_string(number)); });
  threads.emplace_back([&] { withdraw_again_and_again(channel, home, askers); });

  const auto end = SteadyTime::now() + duration();
  const auto both_sides = [&] {
    return of_threads.answered > 100 && of_loop.answered > 100 && of_loop.withdrawn > 10;
  };
  wait_until([&] { return SteadyTime::now() >= end && both_sides(); }, duration() + 60s);
  BOOST_TEST(both_sides());
  Asker::stopping = true;
  for (auto& thread : threads)
    thread.join();
  BOOST_TEST(wait_until([&] {
    return std::all_of(askers.begin(), askers.end(), [](const Asker& asker) { return asker.idle.load(); });
  }));
  home.stop();
  BOOST_TEST_MESSAGE("threads " << of_threads.answered << ", loop " << of_loop.answered << ", withdrawn "
                                << of_loop.withdrawn);
  BOOST_TEST(of_threads.wrong == 0u);
  BOOST_TEST(of_loop.wrong == 0u);
  BOOST_TEST(losses == 0);
  BOOST_TEST(channel.is_open());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_channel)

BOOST_AUTO_TEST_CASE(threads_and_a_loop_share_a_connection_that_outlives_all_cancellations) {
  const RedisServer server;
  ConnectorOptions options;
  options.address = {server.host(), server.port(), ""};
  mix(connect(options));
}

BOOST_AUTO_TEST_CASE(threads_and_a_loop_share_an_encrypted_connection_too) {
  const TestCertificates certificates;
  const RedisServer server({.tls = certificates.server_tls()});
  TlsOptions tls;
  tls.authority_file = certificates.authority_file();
  ConnectorOptions options;
  options.address = {"localhost", server.tls_port(), ""};
  options.tls = std::make_shared<TlsContext>(tls);
  mix(connect(options));
}

BOOST_AUTO_TEST_SUITE_END()
