#include "redis/topology/routed_call.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace cachesite::redis {

using Next = RedirectPolicy::Step::Next;

RoutedCall::RoutedCall() noexcept {
  Waiter::ended = [](Waiter& waiter, TimePoint) noexcept { static_cast<RoutedCall&>(waiter).on_told(); };
}

RoutedCall::Pointer RoutedCall::make() noexcept {
  Pointer call(new (std::nothrow) RoutedCall);
  if (call != nullptr) call->at_server_ = EndpointCall::make();
  return call != nullptr && call->at_server_ != nullptr ? std::move(call) : nullptr;
}

void RoutedCall::release() noexcept {
  if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

bool RoutedCall::begin(RoutedTopology& topology, const Subject& subject, CallTime time,
                       Owner& owner) noexcept {
  Lock lock(mutex_);
  prepare(topology, subject, time, owner);
  policy_ = topology.policy_of(only_reads_, routing_, time, turn_);
  step_ = {.next = Next::by_map};
  return set_out(std::move(lock));
}

bool RoutedCall::begin(RoutedTopology& topology, const Subject& subject, CallTime time, Owner& owner,
                       Beginning beginning) noexcept {
  Lock lock(mutex_);
  prepare(topology, subject, time, owner);
  now_ = SteadyTime::now();
  policy_ = std::move(beginning.policy);
  try {
    take(std::move(beginning.step));
  } catch (const std::exception&) {
    fail(Error(ErrorCode::no_memory));
  }
  return set_out(std::move(lock));
}

void RoutedCall::prepare(RoutedTopology& topology, const Subject& subject, CallTime time,
                         Owner& owner) noexcept {
  phase_ = Phase::deciding;
  topology_ = &topology;
  home_ = topology.home_.load(std::memory_order_acquire);
  owner_ = &owner;
  time_ = time;
  now_ = time.begin;
  only_reads_ = subject.only_reads;
  routing_.slot = hash_slot(subject.key);
  routing_.only_reads = subject.only_reads;
  turn_ = topology.next_turn();
}

bool RoutedCall::set_out(Lock lock) noexcept {
  owners_.fetch_add(1, std::memory_order_relaxed);
  topology_->calls_.fetch_add(1);
  if (!only_reads_) topology_->order_.join(place_in_line_, *routing_.slot);
  go_on();
  if (phase_ != Phase::ended) return false;
  owner_ = nullptr;
  finish(std::move(lock));
  return true;
}

// Until it waits, is with a server, or has ended.
void RoutedCall::go_on() noexcept try {
  while (phase_ == Phase::deciding) {
    if (cancelled_) return end_cancelled();
    if (step_.next == Next::finish) {
      if (step_.error) return fail(*step_.error);
      phase_ = Phase::ended;  // an error of the server is the answer
      return;
    }
    if (!is_prepared() || !choose_server() || !may_go() || !send()) continue;
    take_answer();
  }
} catch (const std::exception&) {
  fail(Error(ErrorCode::no_memory));
}

void RoutedCall::take(Step step) {
  step_ = std::move(step);
  search_ = {};
  awaited_round_ = 0;
  pause_ends_ = {};
  if (step_.want_refresh) {
    RoutedTopology::Lock lock(topology_->mutex_);
    if (!topology_->stopped_) awaited_round_ = topology_->refresh(step_, routing_.slot, lock);
  }
  if (step_.pause.count() != 0 && !step_.await_refresh) pause_ends_ = now_ + step_.pause;
}

// False when the step has to wait for a newer view or a pause first, or the topology is stopped.
bool RoutedCall::is_prepared() {
  if (awaited_round_ == 0 && pause_ends_ == TimePoint{}) return true;
  RoutedTopology::Lock lock(topology_->mutex_);
  if (topology_->stopped_) {
    fail(RoutedTopology::stopped_error());
    return false;
  }
  const TimePoint limit = awaited_round_ != 0 ? time_.deadline : pause_ends_;
  const bool is_there = awaited_round_ != 0 && topology_->rounds(lock) >= awaited_round_;
  if (!is_there && SteadyTime::now() < limit) {
    wait_until(limit, std::move(lock));
    return false;
  }
  awaited_round_ = 0;
  pause_ends_ = {};
  return true;
}

void RoutedCall::wait_until(TimePoint limit, RoutedTopology::Lock lock) {
  if (topology_->waiting_.size() >= topology_->most_waiting_) return fail_without_room();
  phase_ = Phase::waits;
  topology_->waiting_.join(*this);
  lock.unlock();
  arm_for(limit);
}

// False when there is none for this step: then it waits for one, or there is another step, or it has ended.
bool RoutedCall::choose_server() {
  if (step_.next == Next::by_map) return choose_by_map();
  auto node = topology_->node_named(step_.target, RoutedTopology::Room::has_to_be_there);
  if (!node.ok()) {
    fail(node.error());
    return false;
  }
  server_ = {std::move(node).value(), false};
  return true;
}

bool RoutedCall::choose_by_map() {
  auto view = topology_->view_.get();
  if (!view || !view->usable()) {
    RoutedTopology::Lock lock(topology_->mutex_);
    TimePoint limit = time_.deadline;
    auto found = topology_->look_for_view(search_, limit, lock);
    if (!found) {
      wait_until(limit, std::move(lock));
      return false;
    }
    lock.unlock();
    if (!found->ok()) {
      fail_without_view(found->error());
      return false;
    }
    view = std::move(*found).value();
  }
  const auto* const servers = view->find({}, routing_, turn_);
  if (servers == nullptr) {
    take(policy_->nowhere(step_.await_refresh, now_));
    return false;
  }
  server_ = servers->choose(policy_->try_replica(), turn_);
  if (policy_->acceptable(server_.node->address())) return true;
  fail(policy_->failure());
  return false;
}

// False when it has to wait for others in its line.
bool RoutedCall::may_go() {
  auto& order = topology_->order_;
  place_ = {server_.node.get(), server_.node->connection_number()};
  if (place_in_line_.is_out()) {
    if (server_.replica || order.may_pass(*routing_.slot, place_)) return true;
    order.join(place_in_line_, *routing_.slot);
  }
  if (order.may_go(place_in_line_, place_)) return true;
  phase_ = Phase::in_line;
  const auto others = topology_->in_line_.fetch_add(1);
  if (others >= topology_->most_waiting_ && withdraw()) {
    fail_without_room();
    return false;
  }
  arm_for(time_.deadline);
  return false;
}

// True when the attempt has ended at once.
bool RoutedCall::send() {
  phase_ = Phase::at_server;
  attempt_ = Attempt::none;
  owner_->put_question(*this);
  if (attempt_ == Attempt::none) fail(Error(ErrorCode::unsupported));
  if (attempt_ == Attempt::has_ended) phase_ = Phase::deciding;
  if (attempt_ != Attempt::goes_on) return attempt_ == Attempt::has_ended;
  if (place_in_line_.is_out()) return false;
  auto& order = topology_->order_;
  tell_others(only_reads_ ? order.leave(place_in_line_) : order.sent(place_in_line_, place_));
  return false;
}

void RoutedCall::ask(const ServerQuestion& asked) {
  if (step_.next == Next::asking) return ask_with_permission(asked);
  with_permission_ = false;
  begin_attempt(asked);
}

// A script goes by its text: what the server says of its digest is looked at for an only command alone.
void RoutedCall::ask_with_permission(const ServerQuestion& asked) {
  with_permission_ = true;
  const std::array<Argument, 1> word{{{"ASKING"}}};
  std::vector<Command> commands;
  for (const Command& command : asked.commands) {
    commands.push_back({word, static_cast<ReplyKinds>(ReplyKind::status), true});
    commands.push_back(asked.unless_known != nullptr ? *asked.unless_known : command);
  }
  begin_attempt({commands});
}

void RoutedCall::begin_attempt(const ServerQuestion& asked) noexcept {
  const bool has_ended = at_server_->begin(*server_.node, asked, {now_, time_.deadline}, *this);
  attempt_ = has_ended ? Attempt::has_ended : Attempt::goes_on;
}

void RoutedCall::ended() noexcept {
  Lock lock(mutex_);
  phase_ = Phase::deciding;
  try {
    take_answer();
  } catch (const std::exception&) {
    fail(Error(ErrorCode::no_memory, "", Outcome::unknown));
  }
  go_on();
  finish(std::move(lock));
}

void RoutedCall::take_answer() {
  now_ = SteadyTime::now();
  // Who answers is not who holds the key by the view.
  if (step_.next != Next::by_map) topology_->server_changes_->servers_changed();
  const Status& attempt = at_server_->status();
  ServerHint hint;
  if (attempt.ok() && !is_hinted(hint)) {
    phase_ = Phase::ended;
    return;
  }
  if (cancelled_) return attempt.ok() ? end_cancelled() : fail(attempt.error());
  if (!place_in_line_.is_out()) topology_->order_.came_back(place_in_line_);
  const auto& address = server_.node->address();
  take(attempt.ok() ? policy_->answered(hint, address, server_.replica, now_)
                    : policy_->failed(attempt.error(), address, server_.replica, now_));
}

std::span<Reply> RoutedCall::answers() noexcept {
  const auto all = at_server_->answers();
  if (!with_permission_ || !status_.ok()) return all;
  const std::size_t count = all.size() / 2;
  for (std::size_t index = 0; index < count; ++index)
    std::swap(all[index], all[2 * index + 1]);
  with_permission_ = false;
  return all.first(count);
}

// Whether an answer says where or when the question would succeed: then it was not done.
bool RoutedCall::is_hinted(ServerHint& hint) {
  for (const Reply& answer : at_server_->answers()) {
    if (answer.kind != ReplyKind::error) continue;
    hint = topology_->read_hint(answer.text(), server_.node->address());
    if (hint.kind != ServerHint::Kind::none) return true;
  }
  return false;
}

void RoutedCall::fail(const Error& error) noexcept {
  status_ = policy_->end(error);
  phase_ = Phase::ended;
}

void RoutedCall::fail_without_room() {
  fail(Error(ErrorCode::refused, std::to_string(topology_->most_waiting_) + " calls wait already"));
}

// When its time is over, that is the reason.
void RoutedCall::fail_without_view(const Error& why) noexcept {
  if (why.code() == ErrorCode::unreachable && now_ >= time_.deadline) return fail_late(why.message());
  fail(why);
}

void RoutedCall::fail_late(std::string_view why) noexcept try {
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(time_.deadline - time_.begin);
  fail(Error(ErrorCode::timeout,
             "not done within " + std::to_string(time.count()) + " ms: " + std::string(why)));
} catch (const std::exception&) {
  fail(Error(ErrorCode::timeout));
}

void RoutedCall::end_cancelled() noexcept {
  fail(Error(ErrorCode::closed, "the caller has asked for the end of the call"));
}

void RoutedCall::arm_for(TimePoint when) noexcept {
  if (when == armed_for_) return;
  armed_for_ = when;
  home_->reactor().arm(*this, when);
}

bool RoutedCall::withdraw() noexcept {
  if (phase_ == Phase::waits) return topology_->withdraw(*this);
  if (phase_ != Phase::in_line || !topology_->order_.withdraw(place_in_line_)) return false;
  topology_->in_line_.fetch_sub(1);
  return true;
}

void RoutedCall::on_told() noexcept {
  Lock lock(mutex_);
  if (phase_ == Phase::in_line) topology_->in_line_.fetch_sub(1);
  phase_ = Phase::deciding;
  now_ = SteadyTime::now();
  go_on();
  finish(std::move(lock));
}

void RoutedCall::expire() noexcept {
  Lock lock(mutex_);
  if (armed_for_ == TimePoint{} || home_->reactor().now() < armed_for_) return;
  armed_for_ = {};
  const bool is_late = phase_ == Phase::in_line;
  if (!withdraw()) return;
  phase_ = Phase::deciding;
  now_ = SteadyTime::now();
  if (is_late) fail_late("earlier changes of the key are not done");
  go_on();
  finish(std::move(lock));
}

bool RoutedCall::cancel() noexcept {
  if (fork_mark_.forked()) return true;
  Lock lock(mutex_);
  if (phase_ == Phase::ended) return false;
  cancelled_ = true;
  if (withdraw()) {
    end_cancelled();
    finish(std::move(lock));
  } else if (phase_ == Phase::at_server) {
    lock.unlock();
    (void)at_server_->cancel();
  }
  return true;
}

bool RoutedCall::abandon() noexcept {
  if (fork_mark_.forked()) return true;
  Lock lock(mutex_);
  if (phase_ == Phase::ended) return false;
  owner_ = nullptr;
  cancelled_ = true;
  if (phase_ == Phase::at_server) {
    lock.unlock();
    if (!at_server_->abandon()) return true;  // it has ended, and this is about to be told
    lock.lock();
    phase_ = Phase::ended;
  } else if (withdraw()) {
    phase_ = Phase::ended;
  }
  finish(std::move(lock));
  return true;
}

// Tells of the end, if it has come. Nothing of the call may be touched afterwards.
void RoutedCall::finish(Lock lock) noexcept {
  if (phase_ != Phase::ended) return;
  auto* const owner = std::exchange(owner_, nullptr);
  const bool armed = std::exchange(armed_for_, {}) != TimePoint{};
  lock.unlock();
  if (armed) home_->reactor().disarm(*this);
  if (!place_in_line_.is_out()) tell_others(topology_->order_.leave(place_in_line_));
  topology_->calls_.fetch_sub(1);
  if (owner != nullptr) owner->ended();
  release();
}

}  // namespace cachesite::redis
