// A news machine, a cache of copies and a server, in virtual time: whatever happens between any two steps, no copy is
// used that was wrong for longer than max_staleness.

#include "../seeded_schedules.hpp"
#include "redis/news/news_machine.hpp"
#include "redis/news/news_parser.hpp"

#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using cachesite::test::Dice;
using cachesite::test::VirtualTime;

BOOST_AUTO_TEST_SUITE(news_machine_simulation)

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr int keys = 4;
constexpr std::int64_t end_of_world = 2'000'000;
constexpr milliseconds max_staleness{200};

std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

/// What may happen in a schedule, in percent of the steps.
struct Weather {
  int gaps = 0;
  int flushes = 0;
  int new_connections = 0;
  int other_servers = 0;
  int topologies = 0;
  int sleeps = 0;
};

class World final : public INewsOwner {
 public:
  World(std::uint64_t seed, Weather weather)
      : dice_(seed),
        weather_(weather),
        name_("feed", "0"),
        machine_(options(seed), name_, prefixes(), *this) {}

  std::string run() {
    for (std::size_t key = 0; key < keys; ++key)
      written_[key].push_back(time_.now());
    plan_step();
    plan_judge();
    time_.run(1'000'000);
    if (problem_.empty() && hits_ < 20) problem_ = "hardly any hit: " + std::to_string(hits_);
    return problem_;
  }

 private:
  static NewsMachineOptions options(std::uint64_t seed) {
    NewsMachineOptions options;
    options.max_staleness = max_staleness;
    options.probe_interval = milliseconds(500);
    options.arming_time = milliseconds(300);
    options.first_pause = milliseconds(2);
    options.longest_pause = milliseconds(20);
    options.seed = seed;
    return options;
  }
  static PrefixSet prefixes() {
    PrefixSet all;
    all.add("k");
    return all;
  }
  [[nodiscard]] TimePoint now() const { return TimePoint(microseconds(time_.now())) + std::chrono::hours(1); }
  [[nodiscard]] bool asleep() const { return time_.now() < asleep_until_; }

  // ---- the server: one master, and another one that data connections may lead to
  struct Connection {
    bool alive = true;
    bool tracks = false;
    std::int64_t last_arrival = 0;  // in order, each way
    std::int64_t last_delivery = 0;
  };
  using Shared = std::shared_ptr<Connection>;

  void deliver(const Shared& connection, const std::string& bytes) {
    connection->last_delivery = std::max(connection->last_delivery, time_.now() + dice_.between(20, 3'000));
    time_.at(connection->last_delivery, [this, connection, bytes] { receive(connection, bytes); });
  }
  void push(std::string_view key) {
    if (news_ && news_->tracks) deliver(news_, ">2\r\n" + bulk("invalidate") + "*1\r\n" + bulk(key));
  }
  void write(std::size_t key) {
    written_[key].push_back(time_.now());
    push("k" + std::to_string(key));
  }
  void serve_command(const Shared& connection, const std::vector<std::string>& words) {
    if (!connection->alive) return;
    if (words[0] == "HELLO") deliver(connection, "%0\r\n");
    if (words[0] == "CLIENT") {
      connection->tracks = true;
      deliver(connection, "+OK\r\n");
    }
    if (words[0] == "SUBSCRIBE")
      deliver(connection, ">3\r\n" + bulk("subscribe") + bulk(words[1]) + ":1\r\n");
    if (words[0] == "ROLE") deliver(connection, "*3\r\n" + bulk("master") + ":0\r\n*0\r\n");
    if (words[0] == "PING") deliver(connection, bulk(words[1]));
  }
  void flush() {
    for (auto& times : written_)
      times.push_back(time_.now());
    if (news_ && news_->tracks) deliver(news_, ">2\r\n" + bulk("invalidate") + "_\r\n");
  }

  // ---- the owner
  void connect() override {
    auto made = std::make_shared<Connection>();
    time_.after(dice_.between(100, 5'000), [this, made] { connected(made); });
    attempt_ = made;
  }
  void connected(const Shared& made) {
    if (made != attempt_) return;
    if (asleep()) return time_.at(asleep_until_, [this, made] { connected(made); });
    attempt_.reset();
    if (dice_.chance(10)) return machine_.connect_failed(now(), Error(ErrorCode::unreachable, "no"));
    news_ = made;
    machine_.connected(now());
  }
  void disconnect() noexcept override {
    attempt_.reset();
    if (news_) news_->alive = news_->tracks = false;
    news_.reset();
  }
  void send(std::span<const std::string_view> words) override {
    const std::vector<std::string> command(words.begin(), words.end());
    const auto connection = news_;
    connection->last_arrival = std::max(connection->last_arrival, time_.now() + dice_.between(20, 2'000));
    time_.at(connection->last_arrival, [this, connection, command] { serve_command(connection, command); });
  }
  WrittenProbe begin_proof(std::uint64_t probe, bool) override {
    proof_connections_ = connections_;
    const auto key = name_.text(probe, 0);
    const bool elsewhere = reads_elsewhere_;
    time_.after(dice_.between(20, 2'000), [this, key, elsewhere] {
      if (!elsewhere) push(key);
    });
    return {1, dice_.between(0, 7) != 0};
  }
  void proven() noexcept override { proven_connections_ = proof_connections_; }
  void serve(bool vouched) noexcept override {
    served_ = vouched ? ++epochs_ : 0;
    ++generation_;
  }
  void trust_until(TimePoint end) noexcept override { valid_until_ = end; }
  void prefixes_confirmed(std::span<const std::string>) override {}
  void changed(std::span<const std::string_view> changed) override {
    for (const auto key : changed) {
      const auto index = static_cast<std::size_t>(key.back() - '0');
      ++counters_[index];
      copies_[index].reset();
    }
  }
  void everything_changed() noexcept override {
    if (served_ != 0) fail("everything changed while copies were served");
    for (std::size_t key = 0; key < keys; ++key) {
      ++counters_[key];
      copies_[key].reset();
    }
  }
  void answered(std::uint64_t) noexcept override {}
  void log(LogLevel, const std::string&) noexcept override {}

  void receive(const Shared& connection, const std::string& bytes) {
    if (asleep()) return time_.at(asleep_until_, [this, connection, bytes] { receive(connection, bytes); });
    if (connection != news_ || !connection->alive) return;
    NewsParser parser;
    std::memcpy(parser.room().data(), bytes.data(), bytes.size());
    parser.received(bytes.size());
    while (parser.next() == NewsParser::Verdict::frame)
      machine_.take(now(), parser.frame());
  }
  void plan_judge() {
    const auto pause = dice_.between(50, 2'000);
    time_.after(pause, [this] {
      if (!asleep()) machine_.judge(now());
      if (time_.now() < end_of_world) plan_judge();
    });
  }

  // ---- the copies
  struct Copy {
    std::size_t version;
    std::uint32_t epoch;
    bool elsewhere;
  };
  void read(std::size_t key) {
    const auto& copy = copies_[key];
    if (copy && copy->epoch == served_ && served_ != 0 && now() < valid_until_) return hit(key, *copy);
    const auto generation = generation_;
    const auto counter = counters_[key];
    const bool elsewhere = reads_elsewhere_;
    time_.after(dice_.between(20, 2'000), [this, key, generation, counter, elsewhere] {
      const auto version = written_[key].size();
      time_.after(dice_.between(20, 3'000), [this, key, generation, counter, elsewhere, version] {
        if (asleep() || counter != counters_[key] || generation != generation_ || served_ == 0 ||
            proven_connections_ != connections_ || now() >= valid_until_)
          return;
        copies_[key] = Copy{version, served_, elsewhere};
      });
    });
  }
  void hit(std::size_t key, const Copy& copy) {
    ++hits_;
    if (!machine_.served()) return fail("a hit while nobody vouched for it");
    if (copy.elsewhere) return fail("a hit of what another server answered");
    if (copy.version == written_[key].size()) return;
    const auto age = time_.now() - written_[key][copy.version];
    if (age > microseconds(max_staleness).count())
      fail("a hit that was wrong for " + std::to_string(age) + " us at " + std::to_string(time_.now()));
  }

  // ---- what happens
  void plan_step() {
    time_.after(dice_.between(10, 1'500), [this] {
      step();
      if (time_.now() < end_of_world && problem_.empty()) plan_step();
    });
  }
  void step() {
    if (machine_.served() != (served_ != 0)) fail("the epoch is not what the machine says");
    const auto chance = [&](int percent) { return percent != 0 && dice_.chance(percent); };
    if (dice_.chance(30)) write(dice_.below(keys));
    if (chance(weather_.flushes)) flush();
    if (chance(weather_.sleeps)) asleep_until_ = time_.now() + dice_.between(1'000, 600'000);
    if (asleep()) {
      if (dice_.chance(5)) read_as_woken();
      return;
    }
    if (chance(weather_.gaps)) end_news();
    if (chance(weather_.new_connections)) change_connection(reads_elsewhere_);
    if (chance(weather_.other_servers)) change_connection(!reads_elsewhere_);
    if (chance(weather_.topologies)) machine_.topology_changed(now(), name_);
    for (int count = 0; count < 3; ++count)
      read(dice_.below(keys));
  }
  // The thread that reads is the first that runs again.
  void read_as_woken() {
    asleep_until_ = time_.now();
    for (std::size_t key = 0; key < keys; ++key)
      read(key);
  }
  void end_news() {
    if (!news_) return;
    news_->alive = news_->tracks = false;  // what was under way is lost
    const auto ended = news_;
    time_.after(dice_.between(10, 5'000), [this, ended] {
      if (news_ == ended) machine_.lost(now(), "reset");
    });
  }
  void change_connection(bool elsewhere) {
    reads_elsewhere_ = elsewhere;
    ++connections_;
    ++generation_;
    const auto count = connections_;
    time_.after(dice_.between(1, 3'000), [this, count] {
      if (count == connections_) machine_.data_connections_changed(now());
    });
    if (elsewhere) time_.after(dice_.between(1'000, 100'000), [this] { change_connection(false); });
  }
  void fail(const std::string& problem) noexcept {
    if (problem_.empty()) problem_ = problem;
  }

  VirtualTime time_;
  Dice dice_;
  const Weather weather_;
  const ProbeName name_;
  std::array<std::vector<std::int64_t>, keys> written_;
  std::array<std::uint64_t, keys> counters_{};
  std::array<std::optional<Copy>, keys> copies_;
  Shared attempt_;
  Shared news_;
  std::uint64_t connections_ = 0;
  std::uint64_t proof_connections_ = 0;
  std::uint64_t proven_connections_ = ~std::uint64_t{0};
  std::uint64_t generation_ = 0;
  bool reads_elsewhere_ = false;
  std::uint32_t served_ = 0;
  std::uint32_t epochs_ = 0;
  TimePoint valid_until_{};
  std::int64_t asleep_until_ = 0;
  std::uint64_t hits_ = 0;
  std::string problem_;
  NewsMachine machine_;
};

void simulate(std::uint64_t seeds, Weather weather) {
  cachesite::test::run_seeds(seeds, [&](std::uint64_t seed) { return World(seed, weather).run(); });
}

}  // namespace

BOOST_AUTO_TEST_CASE(fills_never_outlive_news) {
  simulate(30, {});
}
BOOST_AUTO_TEST_CASE(gap_between_any_two_steps) {
  simulate(40, {.gaps = 2});
}
BOOST_AUTO_TEST_CASE(nil_push_between_any_two_steps) {
  simulate(40, {.gaps = 1, .flushes = 3});
}
BOOST_AUTO_TEST_CASE(two_sockets_in_any_order_and_connections_that_lead_elsewhere) {
  simulate(40, {.gaps = 1, .new_connections = 2, .other_servers = 1});
}
BOOST_AUTO_TEST_CASE(topology_change_between_any_two_steps) {
  simulate(40, {.gaps = 1, .new_connections = 1, .topologies = 2});
}
BOOST_AUTO_TEST_CASE(a_stopped_process_wakes_and_clocks_that_jump_change_nothing) {
  simulate(40, {.gaps = 1, .flushes = 1, .sleeps = 1});
}

BOOST_AUTO_TEST_SUITE_END()
