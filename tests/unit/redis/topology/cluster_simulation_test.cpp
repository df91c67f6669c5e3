// The machines behind a cluster (slot map, policy of a request, refresh gate) against a pretended cluster in
// virtual time, where messages are late, lost and overtake each other, slots move and servers die.

#include "redis/topology/redirect_policy.hpp"
#include "redis/topology/refresh_gate.hpp"
#include "redis/topology/slot_map.hpp"
#include "unit/redis/seeded_schedules.hpp"
#include "unit/redis/topology/replies.hpp"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace cachesite::test;
using Next = RedirectPolicy::Step::Next;

namespace {

constexpr std::size_t server_count = 4;
constexpr std::uint16_t slot_count = 6;
constexpr std::int64_t ms = 1000;

ServerAddress address_of(std::size_t server) {
  return {"server", static_cast<std::uint16_t>(server + 1), {}};
}

TimePoint point(std::int64_t time) {
  return TimePoint(std::chrono::hours(1)) + std::chrono::microseconds(time);
}

/// What all schedules together have cost. A step that is no fault of its own, such as a redirection that a
/// newer map would have spared, shows only here.
struct Tally {
  std::uint64_t requests = 0;
  std::uint64_t attempts = 0;
  std::uint64_t redirections = 0;
  std::uint64_t refreshes = 0;

  void check() const {
    const auto each = [this](std::uint64_t count) {
      return static_cast<double>(count) / static_cast<double>(requests);
    };
    BOOST_TEST_MESSAGE(each(attempts) << " attempts, " << each(redirections) << " redirections and "
                                      << each(refreshes) << " refreshes for each request");
    if (requests < 5000) return;  // a replay
    BOOST_TEST(each(attempts) < most_attempts);
    BOOST_TEST(each(redirections) < most_redirections);
    BOOST_TEST(each(refreshes) < most_refreshes);
  }

  static constexpr double most_attempts = 1.2;
  static constexpr double most_redirections = 0.1;
  static constexpr double most_refreshes = 0.45;
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, Tally& tally) : dice_(seed), tally_(tally) {
    for (std::uint16_t slot = 0; slot < slot_count; ++slot)
      owner_[slot] = dice_.below(server_count);
    for (auto& server : servers_)
      server.view = owner_;
  }

  std::string run() {
    plan_world();
    const auto count = static_cast<std::size_t>(dice_.between(4, 12));
    requests_.resize(count);
    tally_.requests += count;
    for (std::size_t index = 0; index < count; ++index)
      time_.at(dice_.between(0, 600 * ms), [this, index] { begin(index); });
    if (!time_.run(100'000)) return "it does not come to an end";
    for (std::size_t index = 0; index < count; ++index)
      if (requests_[index].ends != 1)
        fail("request " + std::to_string(index) + " ended " + std::to_string(requests_[index].ends) +
             " times");
    return problem_;
  }

 private:
  struct Server {
    bool alive = true;
    std::array<std::size_t, slot_count> view{};                    // who owns what, as it believes
    std::array<std::optional<std::size_t>, slot_count> leaving{};  // to whom
    std::array<bool, slot_count> coming{};
  };
  struct Request {
    std::uint16_t slot = 0;
    bool repeatable = false;
    std::int64_t deadline = 0;
    std::optional<RedirectPolicy> policy;
    int ends = 0;
    int done = 0;  // how often a server has carried it out
    int redirections = 0;
    std::uint64_t attempt = 0;
    bool refreshed = false;
    std::optional<std::uint64_t> awaits_round;
  };

  void fail(const std::string& problem) {
    if (problem_.empty()) problem_ = problem + " at " + std::to_string(time_.now() / ms) + " ms";
  }
  std::int64_t delay() {
    return dice_.chance(5) ? dice_.between(50 * ms, 400 * ms) : dice_.between(ms / 10, 5 * ms);
  }

  // The world ------------------------------------------------------------------------------------------
  void plan_world() {
    for (auto moves = dice_.between(0, 4); moves > 0; --moves)
      time_.at(dice_.between(0, 700 * ms), [this] { begin_move(); });
    if (dice_.chance(40)) time_.at(dice_.between(0, 500 * ms), [this] { kill(); });
    if (dice_.chance(20)) time_.at(dice_.between(0, 500 * ms), [this] { confuse(); });
  }
  // Servers that send a slot's commands round in a circle, or to themselves, for a while.
  void confuse() {
    const auto slot = static_cast<std::uint16_t>(dice_.below(slot_count));
    const auto length = 1 + dice_.below(server_count);
    confused_[slot] = length;
    time_.after(dice_.between(10 * ms, 500 * ms), [this, slot] { confused_[slot] = 0; });
  }
  void begin_move() {
    const auto slot = static_cast<std::uint16_t>(dice_.below(slot_count));
    const auto from = owner_[slot];
    const auto to = dice_.below(server_count);
    if (to == from || !servers_[from].alive || !servers_[to].alive || servers_[from].leaving[slot]) return;
    servers_[from].leaving[slot] = to;
    servers_[to].coming[slot] = true;
    time_.after(dice_.between(0, 150 * ms), [this, slot, from, to] {
      servers_[from].leaving[slot].reset();
      servers_[to].coming[slot] = false;
      if (owner_[slot] != from || !servers_[to].alive || !servers_[from].alive) return;
      owner_[slot] = to;
      servers_[to].view[slot] = to;
      servers_[from].view[slot] = to;
      gossip(slot);
    });
  }
  void kill() {
    const auto victim = dice_.below(server_count);
    servers_[victim].alive = false;
    time_.after(dice_.between(50 * ms, 300 * ms), [this, victim] {
      auto heir = dice_.below(server_count);
      if (heir == victim) heir = (heir + 1) % server_count;
      for (std::uint16_t slot = 0; slot < slot_count; ++slot)
        if (owner_[slot] == victim) {
          owner_[slot] = heir;
          servers_[heir].view[slot] = heir;
          gossip(slot);
        }
    });
  }
  void gossip(std::uint16_t slot) {
    for (std::size_t server = 0; server < server_count; ++server)
      time_.after(dice_.between(0, 60 * ms),
                  [this, slot, server] { servers_[server].view[slot] = owner_[slot]; });
  }
  // What a server says to a command; nothing when it carries it out.
  std::optional<ServerHint> serve(std::size_t server, Request& request, bool asking) {
    Server& me = servers_[server];
    const auto slot = request.slot;
    if (dice_.chance(2)) return ServerHint{ServerHint::Kind::loading, 0, {}};
    if (dice_.chance(2)) return ServerHint{ServerHint::Kind::down, 0, {}};
    if (confused_[slot] != 0)
      return ServerHint{ServerHint::Kind::moved, slot, address_of((server + 1) % confused_[slot])};
    if (me.view[slot] == server) {
      if (me.leaving[slot] && dice_.chance(50))
        return ServerHint{ServerHint::Kind::ask, slot, address_of(*me.leaving[slot])};
      ++request.done;
      return std::nullopt;
    }
    if (me.coming[slot] && asking) {
      if (dice_.chance(20)) return ServerHint{ServerHint::Kind::try_again, 0, {}};
      ++request.done;
      return std::nullopt;
    }
    return ServerHint{ServerHint::Kind::moved, slot, address_of(me.view[slot])};
  }
  Reply slots_of(std::size_t server) const {
    std::vector<Reply> ranges;
    for (std::uint16_t slot = 0; slot < slot_count; ++slot) {
      const auto owner = address_of(servers_[server].view[slot]);
      ranges.push_back(list({integer(slot), integer(slot), list({bulk(owner.host), integer(owner.port)})}));
    }
    return list(std::move(ranges));
  }

  // The client, as ClusterTopology does it ---------------------------------------------------------------
  void begin(std::size_t index) {
    Request& request = requests_[index];
    request.slot = static_cast<std::uint16_t>(dice_.below(slot_count));
    request.repeatable = dice_.chance(50);
    request.deadline = time_.now() + dice_.between(20 * ms, 800 * ms);
    request.policy.emplace(request.repeatable, false, CallTime{point(time_.now()), point(request.deadline)},
                           static_cast<std::uint64_t>(dice_.between(1, 1'000'000)));
    if (map_) return send_by_map(index);
    follow(index, {.next = Next::by_map, .want_refresh = true, .await_refresh = true});
  }
  void end(std::size_t index, const std::optional<Error>& error) {
    Request& request = requests_[index];
    ++request.ends;
    if (time_.now() > request.deadline) fail("a request ended after its deadline");
    if (!error && request.done == 0) fail("a request succeeded that nobody carried out");
    if (error && error->outcome() == Outcome::not_done && request.done != 0)
      fail("a request was carried out and reported as not done");
    if (!request.repeatable && request.done > 1) fail("a request was carried out twice");
    if (request.redirections > 6) fail("a request was redirected too often");
  }
  void follow(std::size_t index, const RedirectPolicy::Step& step) {
    Request& request = requests_[index];
    request.refreshed = step.await_refresh;
    bool news = step.want_refresh;
    if (step.move_slot && map_) {
      const auto* const master = map_->master_of(request.slot);
      news = master == nullptr || *master != step.target;
      if (news) map_->move(request.slot, step.target);
    }
    std::optional<std::uint64_t> round;
    if (news) {
      const bool resting = gate_.resting(point(time_.now()));
      const auto wanted = gate_.want();
      plan_refresh();
      if (step.await_refresh && !(resting && map_)) round = wanted;
    }
    if (step.next == Next::finish) return end(index, step.error);
    if (round) {
      request.awaits_round = round;
      const auto attempt = ++request.attempt;
      time_.at(request.deadline, [this, index, attempt] {
        if (requests_[index].attempt != attempt || !requests_[index].awaits_round) return;
        requests_[index].awaits_round.reset();
        go(index, {.next = Next::by_map});
      });
      return;
    }
    if (step.pause.count() == 0 || step.await_refresh) return go(index, step);
    time_.after(step.pause.count(), [this, index, step] { go(index, step); });
  }
  void go(std::size_t index, const RedirectPolicy::Step& step) {
    if (step.next == Next::by_map) return send_by_map(index);
    send(index, static_cast<std::size_t>(step.target.port - 1), step.next == Next::asking);
  }
  void send_by_map(std::size_t index) {
    Request& request = requests_[index];
    const auto* const master = map_ ? map_->master_of(request.slot) : nullptr;
    if (master == nullptr)
      return follow(index, request.policy->nowhere(request.refreshed, point(time_.now())));
    if (!request.policy->acceptable(*master)) return end(index, request.policy->failure());
    send(index, static_cast<std::size_t>(master->port - 1), false);
  }
  // As Endpoint does it: the attempt ends once, by the deadline, and says what is known.
  void send(std::size_t index, std::size_t server, bool asking) {
    Request& request = requests_[index];
    ++tally_.attempts;
    const auto attempt = ++request.attempt;
    if (time_.now() >= request.deadline)
      return ended(index, attempt, server, Error(ErrorCode::timeout), std::nullopt);
    auto sent = std::make_shared<bool>(false);
    time_.at(request.deadline, [this, index, attempt, server, sent] {
      ended(index, attempt, server,
            Error(ErrorCode::timeout, "late", *sent ? Outcome::unknown : Outcome::not_done), std::nullopt);
    });
    if (!servers_[server].alive || dice_.chance(3)) {
      time_.after(delay(), [this, index, attempt, server] {
        ended(index, attempt, server, Error(ErrorCode::unreachable), std::nullopt);
      });
      return;
    }
    *sent = true;
    time_.after(delay(), [this, index, attempt, server, asking] {
      const auto lost = [this, index, attempt, server] {
        ended(index, attempt, server, Error(ErrorCode::unreachable, "lost", Outcome::unknown), std::nullopt);
      };
      if (!servers_[server].alive || dice_.chance(3)) return time_.after(delay(), lost);
      Request& served = requests_[index];
      const auto hint = serve(server, served, asking);
      if (dice_.chance(3)) return time_.after(delay(), lost);
      time_.after(delay(), [this, index, attempt, server, hint] {
        ended(index, attempt, server, std::nullopt, hint);
      });
    });
  }
  void ended(std::size_t index, std::uint64_t attempt, std::size_t server, const std::optional<Error>& error,
             const std::optional<ServerHint>& hint) {
    Request& request = requests_[index];
    if (request.attempt != attempt || request.ends != 0) return;  // an answer that nobody waits for any more
    ++request.attempt;
    const auto now = point(time_.now());
    if (error) return follow(index, request.policy->failed(*error, address_of(server), false, now));
    if (!hint) return end(index, std::nullopt);
    if (hint->kind == ServerHint::Kind::moved || hint->kind == ServerHint::Kind::ask) {
      ++request.redirections;
      ++tally_.redirections;
    }
    const auto step = request.policy->answered(*hint, address_of(server), false, now);
    if (step.next == Next::finish && !step.error)
      return fail("an error that gives a hint was taken for an answer");
    follow(index, step);
  }

  // The keeper -------------------------------------------------------------------------------------------
  void plan_refresh() {
    const auto due = gate_.due();
    if (!due || planned_) return;
    planned_ = true;
    const auto when = *due == TimePoint::min()
                          ? time_.now()
                          : std::chrono::duration_cast<std::chrono::microseconds>(*due - point(0)).count();
    time_.at(when, [this] {
      planned_ = false;
      if (gate_.running()) return fail("two refreshes at a time");
      if (last_refresh_ && time_.now() < *last_refresh_ + 100 * ms) fail("refreshes follow too closely");
      last_refresh_ = time_.now();
      ++tally_.refreshes;
      gate_.begin(point(time_.now()));
      ask(dice_.below(server_count), server_count);
    });
  }
  void ask(std::size_t server, std::size_t left) {
    const bool answers = servers_[server].alive && !dice_.chance(10);
    time_.after(delay(), [this, server, left, answers] {
      if (answers) map_ = SlotMap::read(slots_of(server), address_of(server));
      if (answers && !map_) fail("the map cannot be read");
      if (!answers && left > 1) return ask((server + 1) % server_count, left - 1);
      gate_.end(answers);
      for (std::size_t index = 0; index < requests_.size(); ++index) {
        Request& request = requests_[index];
        if (!request.awaits_round || gate_.rounds() < *request.awaits_round) continue;
        request.awaits_round.reset();
        go(index, {.next = Next::by_map});
      }
      bool open = false;
      for (const auto& request : requests_)
        open = open || request.ends == 0;
      if (open) plan_refresh();
    });
  }

  Dice dice_;
  Tally& tally_;
  VirtualTime time_;
  std::array<std::size_t, slot_count> owner_{};
  std::array<Server, server_count> servers_;
  std::array<std::size_t, slot_count> confused_{};  // length of the circle
  std::vector<Request> requests_;
  std::optional<SlotMap> map_;
  RefreshGate gate_;
  bool planned_ = false;
  std::optional<std::int64_t> last_refresh_;
  std::string problem_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cluster_simulation)

BOOST_AUTO_TEST_CASE(every_request_ends_once_in_time_and_with_a_permitted_outcome) {
  Tally tally;
  run_seeds(10'000, [&](std::uint64_t seed) { return Simulation(seed, tally).run(); });
  tally.check();
}

BOOST_AUTO_TEST_SUITE_END()
