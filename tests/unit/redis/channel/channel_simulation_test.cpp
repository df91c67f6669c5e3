// One channel, several threads and an event loop, connections that are cut, slow and small-minded, all in
// virtual time. Whatever happens, every call ends once, in time, and with an ending that fits what the server
// did.

#include "redis/channel/channel_work.hpp"
#include "redis/endpoint/call_attempts.hpp"
#include "support/sanitized.hpp"
#include "unit/redis/channel/simulated_calls.hpp"
#include "unit/redis/channel/simulated_loop.hpp"
#include "unit/redis/channel/simulated_wire.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_callers = 6;
constexpr std::size_t most_loop_threads = 2;

constexpr std::uint64_t schedules = sanitized ? 1000 : 10'000;

class Simulation {
 public:
  Simulation(Stage& stage, std::uint64_t seed) : stage_(stage), seed_(seed) {}

  std::string run() {
    Dice plan(seed_ ^ 0x9E3779B97F4A7C15ULL);
    callers_ = 1 + plan.below(most_callers);
    limits_.most_requests = 1 + plan.below(8);
    limits_.largest_batch = static_cast<std::size_t>(plan.chance(50) ? 200 : 128 * 1024);
    limits_.stall = std::chrono::milliseconds(plan.between(20, 200));
    limits_.patience = std::chrono::milliseconds(plan.between(1, 40));
    repeat_after_timeout_ = plan.chance(30);
    stormy_.cut_percent = plan.chance(70) ? 90 : 0;
    stormy_.life = std::chrono::milliseconds(plan.between(1, 150));
    stormy_.longest_delay = std::chrono::microseconds(plan.between(0, 5000));
    stormy_.longest_pause = std::chrono::microseconds(plan.chance(20) ? 80'000 : plan.between(0, 3000));
    const bool closes = plan.chance(15);
    const std::size_t loop_threads = plan.chance(75) ? 1 + plan.below(most_loop_threads) : 0;
    limits_.most_batches = static_cast<std::uint32_t>(plan.chance(50) ? plan.between(1, 4) : 64);
    limits_.most_waiting = plan.chance(30) ? plan.below(4) : 65'536;
    loop_calls_ = loop_threads == 0 ? 0 : 1 + plan.below(24);
    loop_.emplace(calls_, channel_, SimulatedLoop::Habits{repeat_after_timeout_, plan.chance(20)});

    std::vector<Stage::Event> parts;
    parts.push_back([this] { connect(); });
    for (std::size_t caller = 0; caller < callers_; ++caller)
      parts.push_back([this, caller] { live(caller); });
    for (std::size_t thread = 0; thread < loop_threads; ++thread)
      parts.push_back([this] {
        stage_.wait([this] { return started_; });
        loop_->run(over_);
      });
    if (closes) parts.push_back([this] { interfere(); });
    stage_.run(seed_, std::move(parts));
    if (channel_->clogged()) calls_.fail("nothing is under way, and others are kept from the channel");
    channel_.reset();
    if (lost_ > opened_) calls_.fail("a loss was told more than once");
    const auto problem = calls_.check();
    return problem.empty() ? server_.problem : problem;
  }

 private:
  using Channel = BasicChannel<SimulatedThreads>;

  std::unique_ptr<SimulatedTransport> dial(const SimulatedWire::Weather& weather) {
    auto wire = std::make_shared<SimulatedWire>(server_, weather);
    wire->begin();
    ++opened_;
    return std::make_unique<SimulatedTransport>(wire, loop_->add(wire), limits_.patience);
  }

  // Opens the channel whenever it is closed, and in the end on a fine day.
  void connect() {
    channel_.emplace(limits_, [this](const Error&) { ++lost_; });
    channel_->set_home(*loop_);
    for (std::size_t call = 0; call < loop_calls_; ++call)
      loop_->plan("loop." + std::to_string(call), stage_.now() + up_to(120'000), up_to(150'000));
    started_ = true;
    const auto storm_is_over = [this] { return waiting_ == callers_ && loop_->unfinished() == 0; };
    for (;;) {
      stage_.wait([&] { return !channel_->is_open() || storm_is_over(); });
      if (storm_is_over()) break;
      stage_.sleep(up_to(20'000));
      if (!channel_->is_open()) channel_->open(dial(stormy_));
    }
    stage_.wait([this] { return !interfering_; });
    loop_->expect_the_best();
    channel_->close(Error(ErrorCode::closed, "storm is over"));
    stage_.wait([this] { return !channel_->is_open(); });
    channel_->open(dial({}));
    for (std::size_t call = 0; call < std::min<std::size_t>(loop_calls_, 3); ++call)
      loop_->plan("loop.last." + std::to_string(call), stage_.now() + up_to(3000), 10s);
    fine_ = true;
  }
  void interfere() {
    interfering_ = true;
    stage_.wait([this] { return started_; });
    stage_.sleep(up_to(100'000));
    channel_->close(Error(ErrorCode::closed, "closed on purpose", Outcome::unknown));
    interfering_ = false;
  }
  std::chrono::microseconds up_to(std::int64_t most) {
    return std::chrono::microseconds(stage_.dice().between(0, most));
  }

  void live(std::size_t caller) {
    stage_.wait([this] { return started_; });
    const auto count = stage_.dice().between(1, 4);
    for (std::int64_t round = 0; round < count; ++round) {
      if (stage_.dice().chance(60)) stage_.sleep(up_to(30'000));
      const auto key = std::to_string(caller) + "." + std::to_string(round);
      if (loop_calls_ != 0 && stage_.dice().chance(20)) loop_->begin_now("begun." + key, up_to(150'000));
      call(key, 1 + stage_.dice().between(0, 150'000));
    }
    ++waiting_;
    stage_.wait([this] { return fine_; });
    // No slot has been lost, and nobody leads for ever.
    if (!call(std::to_string(caller) + ".last", 10'000'000)) calls_.fail("a call on a fine day failed");
    over_ = ++gone_ == callers_;
  }

  bool call(const std::string& key, std::int64_t patience) {
    SimulatedCall& call = calls_.plan(key, stage_.dice());
    const auto deadline = stage_.now() + std::chrono::microseconds(patience);
    std::vector<Reply> replies(call.keys.size());
    const Outcome outcome = travel(call, replies, deadline);
    if (stage_.now() > deadline) calls_.fail(key + " ended after its deadline");
    calls_.end(call, outcome, replies);
    return call.answered;
  }

  // As an endpoint does it.
  Outcome travel(SimulatedCall& call, std::vector<Reply>& replies, TimePoint deadline) {
    const SimulatedQuestion question(call);
    CallAttempts attempts(call.repeatable, repeat_after_timeout_, 1);
    std::optional<Error> loss;
    for (;;) {
      if (!stage_.wait([this] { return channel_->is_open(); }, deadline)) return attempts.outcome();
      const auto now = stage_.now();
      const auto ending = attempt(question.commands, replies, now, deadline, loss);
      calls_.check_attempt(ending, loss.has_value());
      switch (attempts.after(ending, loss ? loss->code() : ErrorCode::unreachable, stage_.now() < deadline)) {
        case CallAttempts::Next::done:
          call.answered = true;
          return Outcome::unknown;
        case CallAttempts::Next::again:
        case CallAttempts::Next::reconnect:
          continue;
        default:
          return attempts.outcome();
      }
    }
  }

  Ending attempt(const std::vector<Command>& commands, std::vector<Reply>& replies, TimePoint now,
                 TimePoint deadline, std::optional<Error>& loss) {
    std::vector<Reply*> places;
    for (auto& reply : replies)
      places.push_back(&reply);
    if (stage_.dice().chance(25)) {
      auto pending = channel_->send(commands, now);
      const auto rest = up_to(30'000);
      if (stage_.dice().chance(50) && stage_.now() + rest < deadline) stage_.sleep(rest);
      now = stage_.now();
      if (pending && !fine_ && stage_.dice().chance(5))
        return Ending::timed_out_sent;  // nobody wants to know any more
      if (pending) return Channel::collect(std::move(pending), places, now, deadline, loss);
    }
    return commands.size() == 1 ? channel_->call(commands.front(), replies.front(), now, deadline, loss)
                                : channel_->call_all(commands, places, now, deadline, loss);
  }

  Stage& stage_;
  const std::uint64_t seed_;
  SimulatedServer server_;
  SimulatedCalls calls_{server_};
  ChannelLimits limits_;
  SimulatedWire::Weather stormy_;
  bool repeat_after_timeout_ = false;
  std::size_t callers_ = 0;
  std::size_t loop_calls_ = 0;
  std::optional<SimulatedLoop> loop_;
  std::optional<Channel> channel_;
  std::size_t waiting_ = 0;
  std::size_t gone_ = 0;
  int opened_ = 0;
  int lost_ = 0;
  bool started_ = false;
  bool interfering_ = false;
  bool fine_ = false;
  bool over_ = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(channel_simulation)

BOOST_AUTO_TEST_CASE(every_call_ends_once_in_time_and_with_what_the_server_did) {
  Stage stage(most_callers + most_loop_threads + 2);
  run_seeds(schedules, [&](std::uint64_t seed) { return Simulation(stage, seed).run(); });
}

BOOST_AUTO_TEST_SUITE_END()
