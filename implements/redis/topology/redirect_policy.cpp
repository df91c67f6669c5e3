#include "redis/topology/redirect_policy.hpp"

#include <utility>

namespace cachesite::redis {

using Next = RedirectPolicy::Step::Next;

RedirectPolicy::Step RedirectPolicy::finish(ErrorCode code, std::string message) const {
  Step step;
  step.error.emplace(code, std::move(message), outcome());
  return step;
}

// Goes on after a pause, unless that would be too late.
RedirectPolicy::Step RedirectPolicy::wait(Step step, std::string_view why, TimePoint now) {
  step.pause = pauses_.next();
  if (now + step.pause < time_.deadline) return step;
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(time_.deadline - time_.begin);
  Step last = finish(ErrorCode::timeout,
                     "not done within " + std::to_string(patience.count()) + " ms: " + std::string(why));
  last.want_refresh = step.want_refresh;
  return last;
}

RedirectPolicy::Step RedirectPolicy::redirected(Step step, TimePoint now) {
  if (++redirections_ > most_redirections) {
    Step last = finish(ErrorCode::unreachable, "the cluster redirected the command more than " +
                                                   std::to_string(most_redirections) + " times");
    last.want_refresh = true;
    return last;
  }
  return now < time_.deadline ? step : wait(step, "the cluster redirected the command", now);
}

RedirectPolicy::Step RedirectPolicy::nowhere(bool refreshed, TimePoint now) {
  if (refreshed) return finish(ErrorCode::unreachable, "no server of the cluster holds the slot of the key");
  return wait({.next = Next::by_map, .want_refresh = true, .await_refresh = true},
              "no server of the cluster holds the slot of the key", now);
}

RedirectPolicy::Step RedirectPolicy::answered(const ServerHint& hint, const ServerAddress& by,
                                              bool from_replica, TimePoint now) {
  failed_server_.reset();
  const auto asking = std::exchange(asking_, std::nullopt);
  switch (hint.kind) {
    case ServerHint::Kind::none:
      return {};
    case ServerHint::Kind::moved: {
      Step step{.next = Next::to_target, .target = hint.target};
      if (from_replica) {
        // It does not follow the slot's master: the map may be right all the same.
        try_replica_ = false;
        step.next = Next::by_map;
        step.want_refresh = true;
        return redirected(step, now);
      }
      if (hint.target.host.empty()) {
        step = redirected({.next = Next::by_map, .want_refresh = true}, now);
        return step.next == Next::finish
                   ? step
                   : wait(step, "the cluster redirects to a server without an address", now);
      }
      step.want_refresh = true;
      step.move_slot = hint.target != by;
      step = redirected(step, now);
      // A server that sends us to itself needs time.
      return step.next != Next::finish && hint.target == by
                 ? wait(step, "a server redirects commands to itself", now)
                 : step;
    }
    case ServerHint::Kind::ask:
      asking_ = hint.target;
      return redirected({.next = Next::asking, .target = hint.target}, now);
    case ServerHint::Kind::try_again:
      if (asking) {
        asking_ = asking;
        return wait({.next = Next::asking, .target = *asking}, "the slot of the keys is being moved", now);
      }
      return wait({.next = Next::by_map}, "the slot of the keys is being moved", now);
    case ServerHint::Kind::down:
      return wait({.next = Next::by_map, .want_refresh = true}, "the cluster is down", now);
    case ServerHint::Kind::loading:
      if (std::exchange(try_replica_, false) && from_replica) return redirected({.next = Next::by_map}, now);
      return wait({.next = Next::by_map, .want_refresh = true}, "the server is loading its data", now);
    case ServerHint::Kind::not_a_master:
      try_replica_ = false;
      return wait({.next = Next::by_map, .want_refresh = true}, "the server is a replica", now);
  }
  return {};
}

RedirectPolicy::Step RedirectPolicy::failed(const Error& error, const ServerAddress& by, bool from_replica,
                                            TimePoint now) {
  asking_.reset();
  maybe_done_ = maybe_done_ || error.outcome() == Outcome::unknown;
  failure_ = error.with(outcome());
  Step last{.want_refresh = error.code() == ErrorCode::timeout || error.code() == ErrorCode::unreachable,
            .error = failure_};
  const bool lost = error.code() == ErrorCode::unreachable || error.code() == ErrorCode::closed;
  const bool harmless = error.outcome() == Outcome::not_done || repeatable_;
  if (!lost || !harmless || now >= time_.deadline || repetitions_ >= most_repetitions) return last;
  ++repetitions_;
  failed_server_ = by;
  if (from_replica) {
    try_replica_ = false;
    return {.next = Next::by_map, .want_refresh = true};
  }
  return {.next = Next::by_map, .want_refresh = true, .await_refresh = true};
}

}  // namespace cachesite::redis
