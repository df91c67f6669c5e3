// The part of a news machine that asks for news and reads what the server says.

#include "redis/news/news_machine.hpp"
#include "redis/wire/server_text.hpp"

#include <algorithm>
#include <array>

namespace cachesite::redis {

namespace {

constexpr std::string_view invalidation_channel = "__redis__:invalidate";

bool is_error(const NewsElement& element) noexcept {
  return element.type == '-' || element.type == '!';
}

// Whether a server that says so may say something else in a moment.
bool is_for_now(std::string_view error) noexcept {
  constexpr std::array<std::string_view, 4> beginnings{"LOADING", "MASTERDOWN", "BUSY ",
                                                       "ERR max number of clients"};
  for (const auto beginning : beginnings)
    if (error.starts_with(beginning)) return true;
  return false;
}

}  // namespace

void NewsMachine::ask(Awaited answer, std::initializer_list<std::string_view> words) {
  awaited_.push_back(answer);
  owner_.send({words.begin(), words.size()});
}

void NewsMachine::ask_for_prefixes(Awaited answer, std::span<const std::string> prefixes,
                                   std::string_view redirect) {
  std::vector<std::string_view> words{"CLIENT", "TRACKING", "ON"};
  if (!redirect.empty()) words.insert(words.end(), {"REDIRECT", redirect});
  words.push_back("BCAST");
  for (const auto& prefix : prefixes)
    words.insert(words.end(), {"PREFIX", prefix});
  awaited_.push_back(answer);
  owner_.send(words);
}

void NewsMachine::take(TimePoint now, const NewsFrame& frame) {
  if (!is_connected() || take_push(now, frame)) return;
  take_reply(now, frame);
}

// False when it is no push.
bool NewsMachine::take_push(TimePoint now, const NewsFrame& frame) {
  const bool is_push = frame.front().type == '>';
  const bool is_message = protocol_ == FeedProtocol::resp2 && frame.front().type == '*';
  if ((!is_push && !is_message) || frame.size() < 2) return is_push;
  const auto kind = frame.text(1);
  if (kind == "invalidate" && is_push && frame.size() > 2) {
    take_invalidation(now, frame, 2);
  } else if (kind == "message" && frame.size() > 3) {
    if (frame.text(2) == invalidation_channel) take_invalidation(now, frame, 3);
  } else if (kind == "subscribe") {
    take_subscribed(now);
  } else if (kind == "tracking-redir-broken") {
    lost(now, "the server cannot send news to where they belong");
  } else if (kind == "pong" && is_message && frame.size() > 2) {
    if (!take_awaited(Awaited::ping)) return false;
    take_pong(now, frame.text(2));
  } else {
    return is_push;  // servers may tell more than they were asked for
  }
  return true;
}

bool NewsMachine::take_awaited(Awaited question) {
  if (awaited_.empty() || awaited_.front() != question) return false;
  awaited_.erase(awaited_.begin());
  return true;
}

void NewsMachine::take_invalidation(TimePoint now, const NewsFrame& frame, std::size_t keys) {
  const auto& list = frame[keys];
  if (list.nil) return take_everything();
  if (list.type != '*') return lost(now, "news that name no keys");
  keys_.clear();
  bool heard = false;
  for (std::size_t index = keys + 1; index < frame.size(); ++index) {
    const auto key = frame.text(index);
    if (probe_name_.is_probe(key)) {
      hear(key);
      heard = true;
    } else {
      keys_.push_back(key);
    }
  }
  if (!keys_.empty()) owner_.changed(keys_);
  if (heard) try_end_proof(now);
}

void NewsMachine::take_everything() {
  if (served_) owner_.serve(false);
  owner_.everything_changed();
  if (served_) owner_.serve(true);
}

void NewsMachine::take_subscribed(TimePoint now) {
  if (!take_awaited(Awaited::idle_channel) && !take_awaited(Awaited::news_channel))
    return lost(now, "an answer that was not asked for");
  confirm(now);
}

void NewsMachine::confirm(TimePoint now) {
  if (awaited_.empty() && state_ == NewsState::arming) begin_proving(now);
}

// What was added later counts once all of it is confirmed.
void NewsMachine::confirm_more() {
  const auto more = std::find(awaited_.begin(), awaited_.end(), Awaited::more_prefixes);
  if (more == awaited_.end()) owner_.prefixes_confirmed(prefixes_.all());
}

void NewsMachine::take_reply(TimePoint now, const NewsFrame& frame) {
  if (awaited_.empty()) return lost(now, "an answer that was not asked for");
  const auto question = awaited_.front();
  awaited_.erase(awaited_.begin());
  const auto text = frame.text(0);
  if (is_error(frame.front())) return take_error(now, question, text);
  switch (question) {
    case Awaited::hello:
      return confirm(now);
    case Awaited::id:
      ask_for_prefixes(Awaited::tracking, prefixes_.all(), text);
      return ask(Awaited::news_channel, {"SUBSCRIBE", invalidation_channel});
    case Awaited::tracking:
      return confirm(now);
    case Awaited::more_prefixes:
      return confirm_more();
    case Awaited::role:
      return take_role(now, frame);
    case Awaited::ping:
      return take_pong(now, text);
    case Awaited::idle_channel:
    case Awaited::news_channel:
      return lost(now, "an answer that was not expected");
  }
}

void NewsMachine::take_error(TimePoint now, Awaited question, std::string_view text) {
  const auto words = readable_server_error(text);
  if (question == Awaited::idle_channel) return confirm(now);
  if (question == Awaited::role) {
    may_ask_role_ = false;
    return;
  }
  if (question == Awaited::ping || question == Awaited::more_prefixes || is_for_now(text))
    return lost(now, words);
  if (!text.starts_with("NOPERM")) return other_protocol_or_refuse(now, words);
  constexpr std::string_view channel_right = "&__redis__:invalidate and +subscribe";
  const bool is_channel = question == Awaited::news_channel;
  const bool is_id = question == Awaited::id;
  refuse(now, words + "; the user needs " +
                  std::string(is_channel ? channel_right
                              : is_id    ? "+client|id"
                                         : "+client|tracking"));
}

void NewsMachine::other_protocol_or_refuse(TimePoint now, const std::string& why) {
  if (options_.protocol != FeedProtocol::automatic || other_tried_) return refuse(now, why);
  other_tried_ = true;
  protocol_ = protocol_ == FeedProtocol::resp3 ? FeedProtocol::resp2 : FeedProtocol::resp3;
  seek(now, why, {});
}

void NewsMachine::take_role(TimePoint now, const NewsFrame& frame) {
  if (frame.size() > 1 && frame.text(1) != "master") lost(now, "the server is no master any more");
}

void NewsMachine::take_pong(TimePoint now, std::string_view number) {
  if (pings_.empty() || number != std::to_string(pings_.front().number))
    return lost(now, "an answer to another ping");
  const auto ping = pings_.front();
  pings_.erase(pings_.begin());
  answered_ping_ = ping.number;
  if (state_ == NewsState::coherent) trust(ping.sent);
  if (state_ == NewsState::proving) as_of_ = std::max(as_of_, ping.sent);
  try_end_proof(now);
  owner_.answered(ping.number);
}

}  // namespace cachesite::redis
