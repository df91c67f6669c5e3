#pragma once

#include "redis/transport/transport.hpp"
#include "unit/redis/channel/simulated_threads.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::test {

/// What the server behind all connections has done.
struct SimulatedServer {
  std::map<std::string, int> executions;  // by the second word of the command
  std::string problem;                    // a command that came mutilated

  /// Takes one complete command from the front of `input`. Nothing when there is none yet.
  std::optional<std::vector<std::string>> take(std::string& input) {
    std::size_t at = 0;
    const auto number = [&](char type) -> std::optional<std::size_t> {
      const auto end = input.find("\r\n", at);
      if (end == std::string::npos) return std::nullopt;
      if (input[at] != type) problem = "a command begins with '" + input.substr(at, 10) + "'";
      const auto value = std::stoul(input.substr(at + 1, end - at - 1));
      at = end + 2;
      return value;
    };
    const auto count = number('*');
    if (!count) return std::nullopt;
    std::vector<std::string> words;
    while (words.size() < *count) {
      const auto size = number('$');
      if (!size || input.size() < at + *size + 2) return std::nullopt;
      words.push_back(input.substr(at, *size));
      at += *size + 2;
    }
    input.erase(0, at);
    return words;
  }

  /// GET gives a text that names the key, which is large when the key ends in "!"; PUT checks its payload;
  /// ADD counts.
  std::string answer(const std::vector<std::string>& words) {
    const auto& key = words.at(1);
    const auto count = ++executions[key];
    if (words[0] == "GET") {
      const auto text = value_of(key);
      return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    }
    if (words[0] == "PUT") {
      if (words.at(2) != payload_of(key)) problem = "the payload of " + key + " is not whole";
      return "+" + key + "\r\n";
    }
    return ":" + std::to_string(count) + "\r\n";
  }
  static std::string value_of(const std::string& key) {
    return "value of " + key + std::string(key.ends_with('!') ? 40'000 : 0, 'v');
  }
  static std::string payload_of(const std::string& key) { return key + std::string(34'000, 'p'); }
};

/// One connection: bytes take their time in both directions, come in pieces, and are lost when it is cut.
class SimulatedWire : public std::enable_shared_from_this<SimulatedWire> {
 public:
  using Time = std::chrono::microseconds;

  struct Weather {
    int cut_percent = 0;    // that it is cut at some time
    Time longest_delay{0};  // of a piece in one direction
    Time longest_pause{0};  // of the server before an answer
    Time life{0};           // it is cut at the latest then
  };

  SimulatedWire(SimulatedServer& server, Weather weather) : server_(server), weather_(weather) {}

  void begin() {
    Dice& dice = Stage::current().dice();
    window_ = static_cast<std::size_t>(dice.chance(30) ? dice.between(20, 4000) : 100'000);
    if (!dice.chance(weather_.cut_percent)) return;
    Stage::current().at(Stage::current().now() + up_to(weather_.life), [self = shared_from_this()] {
      self->cut_ = true;
      self->reset_ = Stage::current().dice().chance(50);
      if (Stage::current().dice().chance(50)) self->inbox_.clear();
      self->on_edge_();
    });
  }

  /// `on_edge` is called whenever it becomes readable or writable, and now.
  void watch(std::function<void()> on_edge) {
    on_edge_ = std::move(on_edge);
    on_edge_();
  }

  redis::Transport::Transfer send(std::span<const iovec> pieces) {
    using Status = redis::Transport::Status;
    Stage& stage = Stage::current();
    stage.interrupt();
    if (cut_ || shut_) return {Status::failed};
    if (on_the_way_ >= window_) return {Status::again};
    if (stage.dice().chance(3)) {
      stage.at(stage.now() + up_to(weather_.longest_delay),
               [self = shared_from_this()] { self->on_edge_(); });
      return {Status::again};
    }
    const std::size_t room = window_ - on_the_way_;
    std::string bytes;
    for (const auto& piece : pieces)
      bytes.append(static_cast<const char*>(piece.iov_base), std::min(piece.iov_len, room - bytes.size()));
    if (stage.dice().chance(20)) bytes.resize(1 + stage.dice().below(bytes.size()));
    const std::size_t count = bytes.size();
    on_the_way_ += count;
    there_ = std::max(there_, stage.now() + up_to(weather_.longest_delay));
    stage.at(there_, [self = shared_from_this(), bytes = std::move(bytes)] { self->arrive(bytes); });
    return {Status::ok, count};
  }

  redis::Transport::Transfer receive(std::span<const iovec> places, Time patience) {
    using Status = redis::Transport::Status;
    Stage& stage = Stage::current();
    stage.interrupt();
    const auto ready = [this] { return !inbox_.empty() || cut_ || shut_; };
    if (!ready() && patience.count() > 0) stage.wait(ready, stage.now() + patience);
    if (shut_) return {Status::ended};
    if (inbox_.empty()) {
      if (cut_) return {reset_ ? Status::failed : Status::ended};
      return {Status::again};
    }
    std::size_t most = inbox_.size();
    if (stage.dice().chance(20)) most = 1 + stage.dice().below(most);
    std::size_t count = 0;
    for (const auto& place : places) {
      const auto size = std::min(place.iov_len, most - count);
      std::memcpy(place.iov_base, inbox_.data() + count, size);
      count += size;
    }
    inbox_.erase(0, count);
    return {Status::ok, count};
  }

  redis::Transport::Waiting wait(bool to_send, Stage::TimePoint deadline) {
    const bool ready = Stage::current().wait(
        [&] { return !inbox_.empty() || cut_ || shut_ || (to_send && on_the_way_ < window_); }, deadline);
    return ready ? redis::Transport::Waiting::ready : redis::Transport::Waiting::timed_out;
  }

  void shut_down() noexcept {
    shut_ = true;
    on_edge_();
  }

 private:
  static Time up_to(Time most) { return Time(Stage::current().dice().between(0, most.count())); }

  void arrive(const std::string& bytes) {
    on_the_way_ -= bytes.size();
    if (cut_) return;
    on_edge_();
    received_ += bytes;
    while (const auto command = server_.take(received_)) {
      Stage& stage = Stage::current();
      back_ = std::max(back_, stage.now() + up_to(weather_.longest_pause));
      // It is done when the server comes to it, even when nobody is left to hear of it.
      stage.at(back_, [self = shared_from_this(), command = *command] {
        const auto answer = self->server_.answer(command);
        Stage& inner = Stage::current();
        self->home_ = std::max(self->home_, inner.now() + up_to(self->weather_.longest_delay));
        const auto first = inner.dice().below(answer.size() + 1);
        inner.at(self->home_, [self, piece = answer.substr(0, first)] { self->deliver(piece); });
        self->home_ += up_to(self->weather_.longest_delay);
        inner.at(self->home_, [self, piece = answer.substr(first)] { self->deliver(piece); });
      });
    }
  }
  void deliver(const std::string& piece) {
    if (cut_ || piece.empty()) return;
    inbox_ += piece;
    on_edge_();
  }

  SimulatedServer& server_;
  const Weather weather_;
  std::function<void()> on_edge_ = [] {};
  std::size_t window_ = 0;
  std::size_t on_the_way_ = 0;
  Stage::TimePoint there_;
  Stage::TimePoint back_;
  Stage::TimePoint home_;
  std::string received_;  // by the server
  std::string inbox_;     // of the client
  bool cut_ = false;
  bool reset_ = false;
  bool shut_ = false;
};

/// Some keep what the wire does not take, as a connection with encryption does.
class SimulatedTransport final : public redis::Transport {
 public:
  SimulatedTransport(std::shared_ptr<SimulatedWire> wire, int descriptor, SimulatedWire::Time patience)
      : wire_(std::move(wire)),
        descriptor_(descriptor),
        patience_(patience),
        keeps_(Stage::current().dice().chance(30)) {}

  Transfer receive(std::span<const iovec> places, Patience patience) override {
    if (!send_kept()) return {Status::failed};
    const bool waits = patience != Patience::none && kept_.empty();
    return wire_->receive(places, waits ? patience_ : SimulatedWire::Time(0));
  }
  Transfer send(std::span<const iovec> pieces) override {
    if (!keeps_) return wire_->send(pieces);
    if (!send_kept()) return {Status::failed};
    if (!kept_.empty()) return {Status::again};
    for (const auto& piece : pieces)
      kept_.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    const auto count = kept_.size();
    return send_kept() ? Transfer{Status::ok, count} : Transfer{Status::failed};
  }
  Waiting wait(bool to_send, redis::TimePoint deadline) override {
    return wire_->wait(to_send || wants_to_send(), deadline);
  }
  [[nodiscard]] bool wants_to_send() const noexcept override { return !kept_.empty(); }
  [[nodiscard]] int descriptor() const noexcept override { return descriptor_; }
  void pause(redis::TimePoint deadline) override {
    Stage::current().sleep(std::chrono::duration_cast<SimulatedWire::Time>(pause_length(deadline)));
  }
  std::chrono::nanoseconds pause_length(redis::TimePoint deadline) override {
    Stage& stage = Stage::current();
    const auto longest = std::chrono::duration_cast<SimulatedWire::Time>(deadline - stage.now());
    if (longest.count() <= 0 || stage.dice().chance(50)) return {};
    return SimulatedWire::Time(stage.dice().between(0, std::min<std::int64_t>(longest.count(), 5000)));
  }
  void shut_down() noexcept override { wire_->shut_down(); }
  [[nodiscard]] std::string problem() const override { return "the wire was cut"; }

 private:
  // False when the wire is cut.
  bool send_kept() {
    while (!kept_.empty()) {
      const iovec piece{kept_.data(), kept_.size()};
      const auto sent = wire_->send(std::span<const iovec>(&piece, 1));
      if (sent.status == Status::failed) return false;
      if (sent.status == Status::again) return true;
      kept_.erase(0, sent.count);
    }
    return true;
  }

  const std::shared_ptr<SimulatedWire> wire_;
  const int descriptor_;
  const SimulatedWire::Time patience_;
  const bool keeps_;
  std::string kept_;
};

}  // namespace cachesite::test
