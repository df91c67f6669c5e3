// One channel, several threads, connections that are cut, slow and small-minded, all in virtual time.
// Whatever happens, every call ends once, in time, and with an ending that fits what the server did.

#include "redis/channel/channel_work.hpp"
#include "redis/endpoint/call_attempts.hpp"
#include "unit/redis/channel/simulated_wire.hpp"

#include <cstdint>
#include <list>
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

constexpr std::uint64_t schedules = 10'000;

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

    std::vector<Stage::Event> parts;
    parts.push_back([this] { connect(); });
    for (std::size_t caller = 0; caller < callers_; ++caller)
      parts.push_back([this, caller] { live(caller); });
    if (closes) parts.push_back([this] { interfere(); });
    stage_.run(seed_, std::move(parts));
    if (channel_->clogged()) fail("nothing is under way, and others are kept from the channel");
    channel_.reset();
    check();
    return problem_.empty() ? server_.problem : problem_;
  }

 private:
  using Channel = BasicChannel<SimulatedThreads>;

  struct Call {
    std::vector<std::string> keys;
    std::string verb;
    bool repeatable = false;
    bool returned = false;
    bool answered = false;
    Outcome outcome = Outcome::unknown;
  };

  void fail(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
  }

  std::unique_ptr<SimulatedTransport> dial(const SimulatedWire::Weather& weather) {
    auto wire = std::make_shared<SimulatedWire>(server_, weather);
    wire->begin();
    ++opened_;
    return std::make_unique<SimulatedTransport>(wire, limits_.patience);
  }

  // Opens the channel whenever it is closed, and in the end on a fine day.
  void connect() {
    channel_.emplace(limits_, [this](const Error&) { ++lost_; });
    started_ = true;
    for (;;) {
      stage_.wait([this] { return !channel_->is_open() || waiting_ == callers_; });
      if (waiting_ == callers_) break;
      stage_.sleep(std::chrono::microseconds(stage_.dice().between(0, 20'000)));
      if (!channel_->is_open()) channel_->open(dial(stormy_));
    }
    stage_.wait([this] { return !interfering_; });
    channel_->close(Error(ErrorCode::closed, "storm is over"));
    channel_->open(dial({}));
    fine_ = true;
  }
  void interfere() {
    interfering_ = true;
    stage_.wait([this] { return started_; });
    stage_.sleep(std::chrono::microseconds(stage_.dice().between(0, 100'000)));
    channel_->close(Error(ErrorCode::closed, "closed on purpose", Outcome::unknown));
    interfering_ = false;
  }

  void live(std::size_t caller) {
    stage_.wait([this] { return started_; });
    const auto count = stage_.dice().between(1, 4);
    for (std::int64_t round = 0; round < count; ++round) {
      if (stage_.dice().chance(60)) stage_.sleep(std::chrono::microseconds(stage_.dice().between(0, 30'000)));
      call(std::to_string(caller) + "." + std::to_string(round), stage_.dice().between(1, 150'000));
    }
    ++waiting_;
    stage_.wait([this] { return fine_; });
    // No slot has been lost, and nobody leads for ever.
    if (!call(std::to_string(caller) + ".last", 10'000'000)) fail("a call on a fine day failed");
  }

  bool call(std::string key, std::int64_t patience) {
    Dice& dice = stage_.dice();
    Call& record = calls_.emplace_back();
    record.repeatable = dice.chance(60);
    record.verb = record.repeatable ? "GET" : dice.chance(30) ? "PUT" : "ADD";
    if (record.verb == "GET" && dice.chance(10)) key += "!";
    const std::size_t parts = dice.chance(15) ? 2 + dice.below(3) : 1;
    for (std::size_t part = 0; part < parts; ++part)
      record.keys.push_back(parts == 1 ? key : "part" + std::to_string(part) + "of" + key);

    const auto begin = stage_.now();
    const auto deadline = begin + std::chrono::microseconds(patience);
    std::vector<Reply> replies(parts);
    const Outcome outcome = travel(record, replies, deadline);
    if (record.returned) fail("a call returned twice");
    record.returned = true;
    record.outcome = outcome;
    if (stage_.now() > deadline) fail(key + " ended after its deadline");
    for (std::size_t part = 0; part < parts; ++part)
      if (record.answered || replies[part].kind != ReplyKind::none)
        check_answer(record, record.keys[part], replies[part]);
    return record.answered;
  }

  // As an endpoint does it.
  Outcome travel(Call& record, std::vector<Reply>& replies, TimePoint deadline) {
    std::list<std::string> payloads;
    std::vector<std::vector<Argument>> words;
    std::vector<Command> commands;
    for (const auto& key : record.keys) {
      words.push_back({{record.verb}, {key}});
      if (record.verb == "PUT") words.back().push_back({payloads.emplace_back(server_.payload_of(key))});
    }
    for (const auto& arguments : words)
      commands.push_back({arguments, any_kind, record.repeatable});
    CallAttempts attempts(record.repeatable, repeat_after_timeout_, 1);
    std::optional<Error> loss;
    for (;;) {
      if (!stage_.wait([this] { return channel_->is_open(); }, deadline)) return attempts.outcome();
      const auto now = stage_.now();
      const auto ending = attempt(commands, replies, now, deadline, loss);
      if (ending == Ending::lost_sent || ending == Ending::lost_unsent || ending == Ending::spoilt)
        if (!loss) fail("a loss without a reason");
      if (ending == Ending::spoilt) fail("a good answer is taken for a bad one");
      switch (attempts.after(ending, loss ? loss->code() : ErrorCode::unreachable, stage_.now() < deadline)) {
        case CallAttempts::Next::done:
          record.answered = true;
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
      const std::chrono::microseconds rest(stage_.dice().between(0, 30'000));
      if (stage_.dice().chance(50) && stage_.now() + rest < deadline) stage_.sleep(rest);
      now = stage_.now();
      if (pending && !fine_ && stage_.dice().chance(5))
        return Ending::timed_out_sent;  // nobody wants to know any more
      if (pending) return Channel::collect(std::move(pending), places, now, deadline, loss);
    }
    return commands.size() == 1 ? channel_->call(commands.front(), replies.front(), now, deadline, loss)
                                : channel_->call_all(commands, places, now, deadline, loss);
  }

  void check_answer(const Call& record, const std::string& key, const Reply& reply) {
    const auto& verb = record.verb;
    if (verb == "GET" && reply.text() != SimulatedServer::value_of(key)) fail(key + " got a wrong value");
    if (verb == "PUT" && reply.text() != key) fail(key + " got the answer of another");
    if (verb == "ADD" && reply.integer != 1) fail(key + " was counted more than once");
  }

  void check() {
    for (const auto& record : calls_) {
      if (!record.returned) return fail("a call did not return");
      for (const auto& key : record.keys) {
        const auto found = server_.executions.find(key);
        const int count = found == server_.executions.end() ? 0 : found->second;
        if (count > (record.repeatable ? 2 : 1)) fail(key + " was done " + std::to_string(count) + " times");
        if (record.answered && count == 0) fail(key + " was answered and not done");
        if (!record.answered && record.outcome == Outcome::not_done && count != 0)
          fail(key + " was done, and its caller was told that it was not");
      }
    }
    if (lost_ > opened_) fail("a loss was told more than once");
  }

  static constexpr ReplyKinds any_kind = 63;

  Stage& stage_;
  const std::uint64_t seed_;
  SimulatedServer server_;
  ChannelLimits limits_;
  SimulatedWire::Weather stormy_;
  bool repeat_after_timeout_ = false;
  std::size_t callers_ = 0;
  std::optional<Channel> channel_;
  std::list<Call> calls_;
  std::size_t waiting_ = 0;
  int opened_ = 0;
  int lost_ = 0;
  bool started_ = false;
  bool interfering_ = false;
  bool fine_ = false;
  std::string problem_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(channel_simulation)

BOOST_AUTO_TEST_CASE(every_call_ends_once_in_time_and_with_what_the_server_did) {
  Stage stage(most_callers + 2);
  run_seeds(schedules, [&](std::uint64_t seed) { return Simulation(stage, seed).run(); });
}

BOOST_AUTO_TEST_SUITE_END()
