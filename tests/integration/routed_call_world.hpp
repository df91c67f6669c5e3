#pragma once

#include "redis/topology/routed_call.hpp"
#include "support/collecting_logger.hpp"
#include "support/scripted_server.hpp"
#include "support/wait_until.hpp"

#include <cachesite/event_loop.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace cachesite::test::routed_call {

using namespace cachesite::redis;
using namespace std::chrono_literals;

using Texts = std::vector<std::string>;

inline std::shared_ptr<EventLoop> loop_without_threads() {
  EventLoop::Options options;
  options.threads = 0;
  return std::make_shared<EventLoop>(options);
}

/// A server of a topology: it keeps what it is told to do.
class Place {
 public:
  std::uint16_t port() const { return server_.port(); }
  std::string moved() const { return "-MOVED 1 127.0.0.1:" + std::to_string(port()) + "\r\n"; }
  std::string asks() const { return "-ASK 1 127.0.0.1:" + std::to_string(port()) + "\r\n"; }
  ScriptedServer& script() { return server_; }
  /// From now on it says so to each command, and permits all that asks for it.
  void say(const std::string& bytes) {
    server_.set_handler(ScriptedServer::after_setup([bytes](const ScriptedCommand& command) {
      return ScriptedAnswer{command.name() == "ASKING" ? "+OK\r\n" : bytes};
    }));
  }
  /// What it was asked, but for the setting up of connections.
  Texts asked() const {
    Texts asked;
    for (const auto& command : server_.commands())
      if (const auto name = command.name(); name == "SET" || name == "GET" || name == "ASKING" ||
                                            name == "EVAL" || name == "EVALSHA" || name == "PTTL")
        asked.push_back(command.text());
    return asked;
  }

 private:
  ScriptedServer server_{ScriptedServer::after_setup(ScriptedServer::always("+OK\r\n"))};
};

/// A topology that does as the test says. Nobody looks for servers.
class ScriptedTopology final : public RoutedTopology {
 public:
  static constexpr std::size_t most_waiting = 200;

  explicit ScriptedTopology(std::shared_ptr<IEventLoop> loop)
      : RoutedTopology(false, options_with(loop)), loop_(std::move(loop)) {}
  ~ScriptedTopology() override { stop(); }

  /// From now on all keys are there.
  void use(const Place& place) {
    Lock lock(mutex_);
    auto view = std::make_shared<ServerView>();
    view->sets.push_back({node(place.port()), {}});
    publish_view(std::move(view));
    tell_callers(lock);
  }
  /// From now on no server is known.
  void lose_view() {
    Lock lock(mutex_);
    publish_view(std::make_shared<ServerView>());
  }
  void end_round() {
    Lock lock(mutex_);
    ++rounds_;
    tell_callers(lock);
  }
  /// From now on a call without a server fails.
  void give_up() {
    Lock lock(mutex_);
    gives_up_ = true;
    tell_callers(lock);
  }
  [[nodiscard]] int refreshes() const { return refreshes_; }
  [[nodiscard]] RedisEndpointStatistics statistics_of(const Place& place) {
    Lock lock(mutex_);
    return node(place.port())->statistics();
  }

 private:
  void do_start() override {}
  void do_await_started() override {}
  void do_stop() noexcept override {
    {
      Lock lock(mutex_);
      stopped_ = true;
      tell_callers(lock);
    }
    for (const auto& [port, node] : nodes_)
      node->stop();
    end_calls();
  }
  [[nodiscard]] Health do_health() const override { return {}; }
  [[nodiscard]] std::vector<RedisEndpointStatistics> do_statistics() const override { return {}; }

  std::optional<Result<View>> look_for_view(ViewSearch&, TimePoint& limit, Lock&) override {
    if (stopped_) return stopped_error();
    if (auto view = view_.get(); view && view->usable()) return view;
    if (gives_up_ || SteadyTime::now() >= limit) return Error(ErrorCode::unreachable, "no server");
    return std::nullopt;
  }
  ServerHint read_hint(std::string_view error, const ServerAddress& by) override {
    return ServerHint::read(error, by);
  }
  std::uint64_t refresh(const Step& step, std::optional<HashSlot>, Lock&) override {
    ++refreshes_;
    return step.await_refresh ? rounds_ + 1 : 0;
  }
  std::uint64_t rounds(const Lock&) const noexcept override { return rounds_; }
  Result<ServerNode> node_named(const ServerAddress& address, Room) override {
    Lock lock(mutex_);
    return node(address.port);
  }
  void keep() override {}

  static EndpointOptions options_with(const std::shared_ptr<IEventLoop>& loop) {
    EndpointOptions options;
    options.event_loop = loop;
    options.channel.most_waiting = most_waiting;
    return options;
  }
  ServerNode node(std::uint16_t port) {
    auto& known = nodes_[port];
    if (known == nullptr) {
      auto options = options_with(loop_);
      options.connector.address = {"127.0.0.1", port, {}};
      options.connector.call_timeout = 20s;
      known = std::make_shared<Endpoint>(std::move(options), "tested", std::make_shared<CollectingLogger>());
      known->start();
    }
    return known;
  }

  const std::shared_ptr<IEventLoop> loop_;
  std::map<std::uint16_t, ServerNode> nodes_;
  std::uint64_t rounds_ = 0;
  bool gives_up_ = false;
  std::atomic<int> refreshes_{0};
};

/// A call with a command of its own.
class Asked final : private RoutedCall::Owner {
 public:
  explicit Asked(Texts words) : words_(std::move(words)) {}
  ~Asked() {
    if (call_ != nullptr) (void)call_->abandon();
  }

  void begin(RoutedTopology& topology, std::chrono::milliseconds patience = 20s) {
    call_ = RoutedCall::make();
    const bool reads = words_.front() == "GET";
    if (call_ == nullptr ||
        call_->begin(topology, {{words_.at(1)}, reads}, CallTime::from_now(patience), *this))
      ended();
  }
  [[nodiscard]] bool has_failed() const { return call_ == nullptr || !call_->status().ok(); }
  RoutedCall& call() { return *call_; }
  [[nodiscard]] bool is_ended() const { return ended_; }
  std::string text() {
    if (!call_->status().ok()) return "failed: " + std::string(call_->status().error().message());
    const auto answers = call_->answers();
    std::string text;
    for (const auto& answer : answers)
      text += answer.kind == ReplyKind::integer ? std::to_string(answer.integer) : std::string(answer.text());
    return text;
  }
  ErrorCode code() { return call_ == nullptr ? ErrorCode::no_memory : call_->status().error().code(); }
  Texts more;          // a second command, next to the first
  Texts unless_known;  // when the script is not known

 private:
  static constexpr auto any =
      static_cast<ReplyKinds>((ReplyKind::status | ReplyKind::bulk) | (ReplyKind::nil | ReplyKind::integer));
  static std::vector<Argument> arguments(const Texts& words) {
    std::vector<Argument> all;
    for (const auto& word : words)
      all.push_back({word});
    return all;
  }
  void put_question(RoutedCall& call) override {
    const auto first = arguments(words_), second = arguments(more), script = arguments(unless_known);
    const bool reads = words_.front() == "GET";
    const std::array<Command, 2> commands{{{first, any, reads}, {second, any, reads}}};
    const Command text{script, any, false};
    call.ask({std::span(commands).first(more.empty() ? 1 : 2), unless_known.empty() ? nullptr : &text});
  }
  void ended() noexcept override { ended_ = true; }

  const Texts words_;
  RoutedCall::Pointer call_;
  std::atomic<bool> ended_{false};
};

struct World {
  World() { BOOST_REQUIRE(topology.event_loop().ok()); }
  template <class Condition>
  [[nodiscard]] bool run_until(Condition&& condition) {
    return wait_until([&] {
      loop->run_ready();
      return condition();
    });
  }
  [[nodiscard]] bool is_over(Asked& asked) {
    return run_until([&] { return asked.is_ended(); });
  }
  std::string answer(Texts words) {
    Asked asked(std::move(words));
    asked.begin(topology);
    return is_over(asked) ? asked.text() : "no answer";
  }
  /// The server is connected to.
  void greet(Place& place) {
    topology.use(place);
    BOOST_REQUIRE(answer({"GET", "greeting"}) == "OK");
  }
  /// Changes of one key, in their order.
  std::deque<Asked> begin_changes(std::size_t count) {
    std::deque<Asked> all;
    for (std::size_t number = 0; number < count; ++number)
      begin_change(all);
    return all;
  }
  void begin_change(std::deque<Asked>& all) {
    all.emplace_back(Texts{"SET", "key", std::to_string(all.size())}).begin(topology);
  }
  [[nodiscard]] bool are_over(std::deque<Asked>& all) {
    return run_until([&] {
      for (const auto& asked : all)
        if (!asked.is_ended()) return false;
      return true;
    });
  }
  static Texts changes(std::size_t count) {
    Texts texts;
    for (std::size_t number = 0; number < count; ++number)
      texts.push_back("SET key " + std::to_string(number));
    return texts;
  }
  static Texts sets(const Place& place) {
    auto asked = place.asked();
    std::erase_if(asked, [](const std::string& text) { return !text.starts_with("SET"); });
    return asked;
  }

  std::shared_ptr<EventLoop> loop = loop_without_threads();
  Place first;
  Place second;
  ScriptedTopology topology{loop};
};

}  // namespace cachesite::test::routed_call
