#pragma once

#include "redis/endpoint/call_attempts.hpp"
#include "redis/wire/command.hpp"
#include "unit/redis/channel/simulated_wire.hpp"

#include <deque>
#include <list>
#include <string>
#include <utility>
#include <vector>

namespace cachesite::test {

/// One call of a schedule: what it asks, and what came of it.
struct SimulatedCall {
  std::vector<std::string> keys;
  std::string verb;
  bool repeatable = false;
  int ends = 0;
  bool answered = false;
  Outcome outcome = Outcome::unknown;
};

/// A call as the channel takes it.
struct SimulatedQuestion {
  static constexpr redis::ReplyKinds any_kind = 63;

  explicit SimulatedQuestion(const SimulatedCall& call) {
    for (const auto& key : call.keys) {
      words.push_back({{call.verb}, {key}});
      if (call.verb == "PUT")
        words.back().push_back({payloads.emplace_back(SimulatedServer::payload_of(key))});
    }
    for (const auto& arguments : words)
      commands.push_back({arguments, any_kind, call.repeatable});
  }

  std::list<std::string> payloads;
  std::vector<std::vector<redis::Argument>> words;
  std::vector<redis::Command> commands;
};

/// All calls of a schedule. Whatever happens, each ends once and with what fits what the server did.
class SimulatedCalls {
 public:
  explicit SimulatedCalls(const SimulatedServer& server) : server_(server) {}

  /// A GET, a PUT or an ADD, of one part or a few.
  SimulatedCall& plan(std::string key, Dice& dice) {
    SimulatedCall& call = calls_.emplace_back();
    call.repeatable = dice.chance(60);
    call.verb = call.repeatable ? "GET" : dice.chance(30) ? "PUT" : "ADD";
    if (call.verb == "GET" && dice.chance(10)) key += "!";
    const std::size_t parts = dice.chance(15) ? 2 + dice.below(3) : 1;
    for (std::size_t part = 0; part < parts; ++part)
      call.keys.push_back(parts == 1 ? key : "part" + std::to_string(part) + "of" + key);
    return call;
  }

  void end(SimulatedCall& call, Outcome outcome, const std::vector<redis::Reply>& replies) {
    if (++call.ends > 1) fail("a call ended twice");
    call.outcome = outcome;
    for (std::size_t part = 0; part < replies.size(); ++part)
      if (call.answered || replies[part].kind != redis::ReplyKind::none)
        check_answer(call, call.keys[part], replies[part]);
  }
  void check_attempt(redis::Ending ending, bool has_loss) {
    using redis::Ending;
    if (ending == Ending::lost_sent || ending == Ending::lost_unsent || ending == Ending::spoilt)
      if (!has_loss) fail("a loss without a reason");
    if (ending == Ending::spoilt) fail("a good answer is taken for a bad one");
  }

  void fail(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
  }
  /// What went wrong, when all is over.
  [[nodiscard]] std::string check() {
    for (const auto& call : calls_) {
      if (call.ends == 0) fail("a call did not end");
      for (const auto& key : call.keys) {
        const auto found = server_.executions.find(key);
        const int count = found == server_.executions.end() ? 0 : found->second;
        if (count > (call.repeatable ? 2 : 1)) fail(key + " was done " + std::to_string(count) + " times");
        if (call.answered && count == 0) fail(key + " was answered and not done");
        if (!call.answered && call.outcome == Outcome::not_done && count != 0)
          fail(key + " was done, and its caller was told that it was not");
      }
    }
    return problem_;
  }

 private:
  void check_answer(const SimulatedCall& call, const std::string& key, const redis::Reply& reply) {
    if (call.verb == "GET" && reply.text() != SimulatedServer::value_of(key))
      fail(key + " got a wrong value");
    if (call.verb == "PUT" && reply.text() != key) fail(key + " got the answer of another");
    if (call.verb == "ADD" && reply.integer != 1) fail(key + " was counted more than once");
  }

  const SimulatedServer& server_;
  std::list<SimulatedCall> calls_;
  std::string problem_;
};

}  // namespace cachesite::test
