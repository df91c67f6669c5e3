#pragma once

#include "redis/news/news_machine.hpp"
#include "redis/news/news_parser.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

namespace cachesite::test {

using namespace cachesite::redis;
using namespace std::chrono_literals;

inline std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

inline NewsMachineOptions usual_options() {
  NewsMachineOptions options;
  options.max_staleness = 2s;
  options.probe_interval = 10s;
  options.arming_time = 5s;
  return options;
}

/// A machine with a clock and a server that the test plays.
class NewsBench final : public INewsOwner {
 public:
  explicit NewsBench(NewsMachineOptions options = usual_options())
      : name("feed", "7"), machine(options, name, prefixes(), *this) {}

  static PrefixSet prefixes() {
    PrefixSet all;
    all.add("p:");
    return all;
  }

  void connect() override { diary.push_back("connect"); }
  void disconnect() noexcept override {
    diary.push_back("disconnect");
    pings.clear();
  }
  void send(std::span<const std::string_view> words) override {
    std::string text;
    for (const auto word : words)
      text += (text.empty() ? "" : " ") + std::string(word);
    if (text == "ROLE") pings.push_back(text);
    if (text.starts_with("PING ")) pings.push_back(last_ping = text.substr(5));
    sent.push_back(text);
  }
  WrittenProbe begin_proof(std::uint64_t probe, bool write) override {
    last_probe = probe;
    diary.push_back(write ? "probe" : "no probe");
    return {write ? connections : 0, !write || !full};
  }
  void proven() noexcept override { diary.push_back("proven"); }
  void serve(bool vouched) noexcept override { diary.push_back(vouched ? "serve" : "unserve"); }
  void trust_until(TimePoint end) noexcept override { trusted_until = end; }
  void prefixes_confirmed(std::span<const std::string> confirmed) override {
    prefix_count = confirmed.size();
  }
  void changed(std::span<const std::string_view> keys) override {
    for (const auto key : keys)
      heard += std::string(key) + ";";
  }
  void everything_changed() noexcept override { diary.push_back("everything"); }
  void answered(std::uint64_t ping) noexcept override { answered_ping = ping; }
  void log(LogLevel, const std::string& text) noexcept override { log_text += text + "\n"; }

  void receive(const std::string& bytes) {
    NewsParser parser;
    std::memcpy(parser.room().data(), bytes.data(), bytes.size());
    parser.received(bytes.size());
    while (parser.next() == NewsParser::Verdict::frame)
      machine.take(now, parser.frame());
  }
  /// Answers the oldest ping.
  void pong() {
    if (pings.front() == "ROLE") {
      pings.erase(pings.begin());
      receive("*3\r\n" + bulk(role) + ":0\r\n*0\r\n");
      if (pings.empty()) return;
    }
    const auto number = bulk(pings.front());
    pings.erase(pings.begin());
    receive(machine.protocol() == FeedProtocol::resp2 ? "*2\r\n" + bulk("pong") + number : number);
  }
  void news(const std::string& key) {
    receive(machine.protocol() == FeedProtocol::resp2
                ? "*3\r\n" + bulk("message") + bulk("__redis__:invalidate") + "*1\r\n" + bulk(key)
                : ">2\r\n" + bulk("invalidate") + "*1\r\n" + bulk(key));
  }
  void hear_probe(std::size_t connection = 0) { news(name.text(last_probe, connection)); }
  void judge_after(std::chrono::milliseconds time) {
    now += time;
    machine.judge(now);
  }
  void connect_now() {
    machine.judge(now);
    machine.connected(now);
  }
  void confirm() {
    receive("%1\r\n" + bulk("proto") + ":3\r\n+OK\r\n>3\r\n" + bulk("subscribe") +
            bulk("cachesite:idle:feed") + ":1\r\n");
  }
  void arm() {
    connect_now();
    confirm();
  }
  void prove() {
    hear_probe();
    pong();
  }
  void become_coherent() {
    arm();
    prove();
    diary.clear();
    sent.clear();
  }
  /// What was noted since the last call.
  std::string noted() {
    std::string text;
    for (const auto& line : diary)
      text += (text.empty() ? "" : ",") + line;
    diary.clear();
    return text;
  }
  [[nodiscard]] std::string_view state() const { return name_of(machine.state()); }

  const ProbeName name;
  std::size_t connections = 1;
  bool full = false;  // one more connection is open, and has no room
  TimePoint now{1h};
  std::vector<std::string> diary;
  std::vector<std::string> sent;
  std::string heard;
  std::string log_text;
  std::string last_ping;
  std::string role = "master";
  std::vector<std::string> pings;  // not answered, with questions for the role between
  std::uint64_t last_probe = 0;
  std::uint64_t answered_ping = 0;
  std::size_t prefix_count = 0;
  TimePoint trusted_until{};
  NewsMachine machine;
};

}  // namespace cachesite::test
