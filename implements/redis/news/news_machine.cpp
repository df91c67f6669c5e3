// What is due when, and what a proof changes; news_arming.cpp has what a server says.

#include "redis/news/news_machine.hpp"

#include "redis/wire/server_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cachesite::redis {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_pings = 64;
constexpr std::uint32_t most_unheard_proofs = 3;
constexpr milliseconds longest_probe_time{1'000};
constexpr milliseconds pause_of_full_connection{20};
constexpr milliseconds refusal_pause{60'000};
constexpr milliseconds cut_off_window{60'000};
constexpr milliseconds cut_off_pause{5'000};

std::uint64_t scattered(std::uint64_t number) noexcept {
  number += 0x9E3779B97F4A7C15ULL;
  number = (number ^ (number >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  return number ^ (number >> 27U);
}

}  // namespace

std::string_view name_of(NewsState state) noexcept {
  constexpr std::array<std::string_view, 7> names{"seeking",  "arming",  "proving", "coherent",
                                                  "doubtful", "refused", "stopped"};
  return names[static_cast<std::size_t>(state)];
}

NewsMachine::NewsMachine(NewsMachineOptions options, ProbeName probe_name, PrefixSet prefixes,
                         INewsOwner& owner)
    : options_(options),
      probe_name_(std::move(probe_name)),
      prefixes_(std::move(prefixes)),
      owner_(owner),
      pauses_(options.first_pause, options.longest_pause, options.seed),
      protocol_(options.protocol == FeedProtocol::resp2 ? FeedProtocol::resp2 : FeedProtocol::resp3) {
  prefixes_.add(probe_name_.prefix());
}

milliseconds NewsMachine::probe_time() const noexcept {
  return std::min(longest_probe_time,
                  state_ == NewsState::proving ? options_.max_staleness : options_.max_staleness / 2);
}

void NewsMachine::connected(TimePoint now) {
  if (state_ != NewsState::seeking || !attempting_) return;
  attempting_ = false;
  state_ = NewsState::arming;
  armed_by_ = now + options_.arming_time;
  may_probe_ = may_ask_role_ = true;
  if (protocol_ == FeedProtocol::resp2) return ask(Awaited::id, {"CLIENT", "ID"});
  ask(Awaited::hello, {"HELLO", "3"});
  ask_for_prefixes(Awaited::tracking, prefixes_.all(), {});
  // A connection that subscribes is bounded by the server in what it may leave unread, and never idle.
  ask(Awaited::idle_channel, {"SUBSCRIBE", "cachesite:idle:" + probe_name_.feed()});
}

void NewsMachine::connect_failed(TimePoint now, const Error& reason) {
  if (state_ != NewsState::seeking || !attempting_) return;
  attempting_ = false;
  set_reason(reason.message());
  const auto pause = pauses_.next();
  retry_at_ = now + (reason.code() == ErrorCode::refused ? options_.longest_pause * 5 : pause);
}

void NewsMachine::begin_proving(TimePoint now) {
  state_ = NewsState::proving;
  as_of_ = now;
  owner_.prefixes_confirmed(prefixes_.all());
  begin_proof(now);
}

void NewsMachine::begin_proof(TimePoint now) {
  proof_due_ = now + probe_time();
  write_proof(now);
}

void NewsMachine::write_proof(TimePoint now) {
  const bool writes = options_.probe && may_probe_;
  proof_runs_ = true;
  proof_began_ = now;
  const auto probe = owner_.begin_proof(++proof_, writes);
  const auto written = std::min<std::size_t>(probe.connections, 64);
  probe_written_ = !writes || written != 0;
  probe_skipped_ = writes && !probe.by_all;
  unheard_ = written == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << written) - 1;
  if (!writes) unheard_ = 0;
  // News of the probe may come by replication, from a server that reads do not go to any more.
  if (writes && may_ask_role_ && protocol_ == FeedProtocol::resp3) ask(Awaited::role, {"ROLE"});
  proof_ping_ = ping(now);
}

std::uint64_t NewsMachine::ping(TimePoint now) {
  ping_sent_ = now;
  if (pings_.size() >= most_pings) return last_ping_ + 1;
  pings_.push_back({++last_ping_, now});
  const auto number = std::to_string(last_ping_);
  ask(Awaited::ping, {"PING", number});
  return last_ping_;
}

std::uint64_t NewsMachine::fence(TimePoint now) {
  return is_armed() ? ping(now) : last_ping_ + 1;
}

void NewsMachine::trust(TimePoint as_of) noexcept {
  as_of_ = std::max(as_of_, as_of);
  owner_.trust_until(as_of_ + options_.max_staleness);
}

void NewsMachine::hear(std::string_view key) noexcept {
  const auto connection = probe_name_.connection_of(key, proof_);
  if (connection && *connection < 64) unheard_ &= ~(std::uint64_t{1} << *connection);
}

void NewsMachine::try_end_proof(TimePoint now) {
  if (!proof_runs_ || !probe_written_ || probe_skipped_ || unheard_ != 0 || answered_ping_ < proof_ping_)
    return;
  proof_runs_ = false;
  unheard_proofs_ = 0;
  next_proof_ = now + options_.probe_interval;
  proven_ = options_.probe && may_probe_;
  owner_.proven();
  if (proven_) reason_.clear();
  trust(proof_began_);
  const bool begins = state_ == NewsState::proving;
  state_ = NewsState::coherent;
  if (!begins) return;
  pauses_.reset();
  other_tried_ = false;
  served_ = true;
  owner_.serve(true);
  if (!gap_since_) return;
  const auto gap = std::chrono::duration_cast<milliseconds>(now - *std::exchange(gap_since_, std::nullopt));
  owner_.log(LogLevel::info, "news are back after " + std::to_string(gap.count()) + " ms");
}

void NewsMachine::judge(TimePoint now) {
  switch (state_) {
    case NewsState::refused:
      if (now < retry_at_) return;
      state_ = NewsState::seeking;
      other_tried_ = false;
      unheard_proofs_ = 0;
      if (options_.protocol != FeedProtocol::resp2) protocol_ = FeedProtocol::resp3;
      [[fallthrough]];
    case NewsState::seeking:
      if (attempting_ || now < retry_at_) return;
      attempting_ = true;
      return owner_.connect();
    case NewsState::arming:
      if (now >= armed_by_) lost(now, "what was asked of a new connection was not confirmed in time");
      return;
    case NewsState::proving:
    case NewsState::coherent:
    case NewsState::doubtful:
      return judge_armed(now);
    case NewsState::stopped:
      return;
  }
}

void NewsMachine::judge_armed(TimePoint now) {
  if (now >= as_of_ + options_.max_staleness) return lost(now, "no sign of life within max_staleness");
  if (proof_runs_ && now >= proof_due_ && (probe_skipped_ || (probe_written_ && unheard_ != 0)))
    return fail_proof(now);
  if (proof_runs_ && probe_skipped_ && now >= proof_began_ + pause_of_full_connection)
    return write_proof(now);
  if (!proof_runs_ && now >= next_proof_) return begin_proof(now);
  if (now >= ping_sent_ + options_.max_staleness / 2) ping(now);
}

TimePoint NewsMachine::wake_at() const noexcept {
  switch (state_) {
    case NewsState::seeking:
      return attempting_ ? TimePoint::max() : retry_at_;
    case NewsState::refused:
      return retry_at_;
    case NewsState::arming:
      return armed_by_;
    case NewsState::stopped:
      return TimePoint::max();
    default:
      break;
  }
  auto next = std::min<TimePoint>(as_of_ + options_.max_staleness, ping_sent_ + options_.max_staleness / 2);
  if (!proof_runs_) return std::min(next, next_proof_);
  if (probe_skipped_) next = std::min<TimePoint>(next, proof_began_ + pause_of_full_connection);
  return probe_skipped_ || (probe_written_ && unheard_ != 0) ? std::min(next, proof_due_) : next;
}

void NewsMachine::fail_proof(TimePoint now) {
  if (probe_skipped_) return lost(now, "a connection for requests had no room for a proof in time");
  const bool first = state_ == NewsState::proving;
  if (first && ++unheard_proofs_ >= most_unheard_proofs)
    return refuse(
        now,
        "tracking is confirmed, but nothing is heard of writes: is there a proxy, or another server, "
        "between?");
  lost(now, "a write of its own was not heard of in time");
}

void NewsMachine::data_connections_changed(TimePoint now) {
  if (state_ == NewsState::seeking && !attempting_)
    retry_at_ = std::min(retry_at_, std::max(now, not_before_));
  if (!is_armed()) return;
  if (state_ == NewsState::coherent) state_ = NewsState::doubtful;
  begin_proof(now);
}

void NewsMachine::topology_changed(TimePoint now, const ProbeName& probe_name) {
  distrust();
  probe_name_ = probe_name;
  if (!is_armed()) return;
  if (state_ != NewsState::proving) begin_gap(now, "the topology has changed");
  state_ = NewsState::proving;
  begin_proof(now);
}

void NewsMachine::probe_refused(TimePoint now, std::string_view text) {
  if (!is_armed() || !may_probe_) return;
  for (const auto* const word : {"READONLY", "MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN"})
    if (text.starts_with(word)) return lost(now, "the server is not the master of what it was asked for");
  may_probe_ = false;
  proven_ = false;
  const bool lacks_rights = text.starts_with("NOPERM");
  set_reason("unproven, since the server refuses a write of the feed's own: " + readable_server_error(text) +
             (lacks_rights ? "; the user needs ~__cachesite_probe__:* and +set" : ""));
  owner_.log(LogLevel::warning, reason_);
  if (!proof_runs_) return;
  unheard_ = 0;
  probe_written_ = true;
  probe_skipped_ = false;
  try_end_proof(now);
}

void NewsMachine::add_prefix(TimePoint now, std::string_view prefix) {
  const auto change = prefixes_.add(prefix);
  if (change == PrefixSet::Change::none || !is_connected()) return;
  if (!is_armed() || protocol_ == FeedProtocol::resp2 || change == PrefixSet::Change::anew)
    return seek(now, "the prefixes have changed", {});
  ask_for_prefixes(Awaited::more_prefixes, {&prefixes_.all().back(), 1}, {});
}

void NewsMachine::set_protocol(TimePoint now, FeedProtocol protocol) {
  if (std::exchange(options_.protocol, protocol) == protocol) return;
  other_tried_ = false;
  if (protocol == FeedProtocol::automatic || std::exchange(protocol_, protocol) == protocol) return;
  seek(now, "another protocol is asked for", {});
}

void NewsMachine::set_options(milliseconds max_staleness, milliseconds probe_interval, bool probe) {
  options_.max_staleness = max_staleness;
  options_.probe_interval = probe_interval;
  options_.probe = probe;
  if (served_) trust(as_of_);
}

void NewsMachine::stop() {
  if (state_ == NewsState::stopped) return;
  unserve();
  seek({}, "stopped", {});
  state_ = NewsState::stopped;
}

void NewsMachine::lost(TimePoint now, std::string_view reason) {
  seek(now, reason, pauses_.next());
}

void NewsMachine::cut_off(TimePoint now, std::string_view reason) {
  const bool often = cut_offs_.back() != TimePoint::min() && now - cut_offs_.back() < cut_off_window;
  cut_offs_ = {now, cut_offs_.front()};
  if (!often) return lost(now, reason);
  not_before_ = now + cut_off_pause;
  seek(now, std::string(reason) + ", as often when much is unread: see its client-output-buffer-limit pubsub",
       cut_off_pause);
}

// True when copies were vouched for.
bool NewsMachine::unserve() noexcept {
  if (!std::exchange(served_, false)) return false;
  owner_.serve(false);
  return true;
}

void NewsMachine::begin_gap(TimePoint now, std::string_view reason) {
  gap_since_ = now;
  owner_.log(LogLevel::warning,
             "lost the news: " + std::string(reason) + "; copies are not used until they are back");
}

void NewsMachine::seek(TimePoint now, std::string_view reason, std::chrono::microseconds pause) {
  if (state_ == NewsState::stopped) return;
  const bool begins_gap = unserve();
  if (is_connected() || attempting_) owner_.disconnect();
  state_ = NewsState::seeking;
  attempting_ = false;
  awaited_.clear();
  pings_.clear();
  proof_runs_ = false;
  proven_ = false;
  retry_at_ = now + pause;
  set_reason(reason);
  if (begins_gap) begin_gap(now, reason);
}

void NewsMachine::refuse(TimePoint now, const std::string& reason) {
  seek(now, reason, {});
  state_ = NewsState::refused;
  const auto part = static_cast<std::int64_t>(scattered(options_.seed + proof_ + last_ping_) % 400);
  retry_at_ = now + refusal_pause * (800 + part) / 1000;
  if (logged_refusal_ == reason) return;
  logged_refusal_ = reason;
  owner_.log(LogLevel::warning, "there are no news: " + reason);
}

void NewsMachine::set_reason(std::string_view reason) {
  reason_.assign(reason);
}

}  // namespace cachesite::redis
