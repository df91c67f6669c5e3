#include "mutex/engine.hpp"

#include "basics/inherited.hpp"
#include "basics/temporary_error.hpp"
#include "mutex/mutex_handle.hpp"

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/interruptible_sleep.hpp>
#include <cachesite/mutex.hpp>

#include <algorithm>
#include <atomic>
#include <optional>
#include <stdexcept>
#include <utility>

namespace cachesite::mutex {

namespace {

using std::chrono::milliseconds;

// What the last attempt may take when the server does not answer, and what giving up may. A wait that has
// outlasted its limit is taken off, down to the least.
constexpr milliseconds last_call{500};
constexpr milliseconds least_last_call{50};

/// A user's share in a held lock; a reentrant one has several. Made before there is a lock to hold. In a
/// forked child it is held no longer: the mutex is the parent's.
class Lease final : public IMutexLease {
 public:
  explicit Lease(std::shared_ptr<Engine> engine) noexcept : engine_(std::move(engine)) {}
  ~Lease() override {
    if (held_lock_) (void)Lease::release();
  }
  void hold(std::shared_ptr<HeldLock> held_lock) noexcept { held_lock_ = std::move(held_lock); }

  [[nodiscard]] bool held() const noexcept override {
    return !fork_mark_.forked() && !given_back_.load() && held_lock_->held();
  }
  [[nodiscard]] std::uint64_t fencing_token() const noexcept override { return held_lock_->fencing_token; }
  [[nodiscard]] std::stop_token lost() const noexcept override { return held_lock_->lost.get_token(); }
  [[nodiscard]] TimePoint valid_until() const noexcept override { return held_lock_->end(); }
  [[nodiscard]] const std::string& owner() const noexcept override { return held_lock_->claim.owner; }
  Result<bool> renew() noexcept override {
    if (fork_mark_.forked()) return basics::forked_error();
    if (given_back_.load()) return false;
    return guarded_call<bool>([&] { return engine_->renew(*held_lock_); });
  }
  Result<bool> release() noexcept override {
    if (fork_mark_.forked()) return basics::forked_error();
    if (given_back_.exchange(true)) return false;
    const bool was_held = held_lock_->held();
    if (!held_lock_->line->give_back_once(*held_lock_)) return was_held;
    return engine_->release(held_lock_);
  }

 private:
  const std::shared_ptr<Engine> engine_;
  std::shared_ptr<HeldLock> held_lock_;
  std::atomic<bool> given_back_{false};
  const basics::ForkMark fork_mark_;
};

Error stopped_error() {
  return Error(ErrorCode::closed, "the mutex site or the wait was stopped");
}

EngineOptions with_clock(EngineOptions options) {
  if (!options.clock) options.clock = std::make_shared<SteadyClock>();
  return options;
}

}  // namespace

Engine::Engine(std::unique_ptr<Backend> backend, EngineOptions options)
    : backend_(std::move(backend)),
      options_(with_clock(std::move(options))),
      keeper_(*backend_, options_.label, options_.logger, options_.clock) {}

std::shared_ptr<LockLine> Engine::line_of(std::string_view name) {
  if (fork_mark_.forked()) return std::make_shared<LockLine>(std::string(name));
  const std::lock_guard lock(mutex_);
  const auto found = lines_.find(name);
  if (found != lines_.end())
    if (auto line = found->second.lock()) return line;
  if (lines_.size() >= lines_to_sweep_) {
    std::erase_if(lines_, [](const auto& entry) { return entry.second.expired(); });
    lines_to_sweep_ = std::max<std::size_t>(64, lines_.size() * 2);
  }
  auto line = basics::make_process_bound<LockLine>(std::string(name));
  lines_.insert_or_assign(std::string(name), line);
  return line;
}

std::shared_ptr<IMutex> Engine::make_mutex(std::string_view name, bool reentrant) {
  if (name.empty() || name.size() > IMutexSite::longest_name)
    throw std::invalid_argument("the name of a mutex is 1 to 1024 bytes long");
  return basics::make_process_bound<MutexHandle>(shared_from_this(), line_of(name), reentrant);
}

TimePoint Engine::deadline_of(const MutexRequest& request) const {
  if (!request.wait) return TimePoint::max();
  return options_.clock->now() + request.wait->milliseconds();
}

std::shared_ptr<HeldLock> Engine::new_held_lock(const std::shared_ptr<LockLine>& line,
                                                const MutexRequest& request) {
  const auto lasting = !request.renew              ? HeldLock::Lasting::until_its_end
                       : backend_->needs_renewal() ? HeldLock::Lasting::while_renewed
                                                   : HeldLock::Lasting::for_ever;
  const auto expire = request.expire ? milliseconds(request.expire->milliseconds()) : options_.expire;
  auto held_lock = std::make_shared<HeldLock>(Claim{line->name(), owners_.next(), request.mode, expire}, line,
                                              lasting, options_.clock);
  keeper_.prepare(*held_lock);
  return held_lock;
}

/// One request that tries again and again, by the first in line. Unless it is granted, it takes back in the
/// end what it may have left at the backend: at once while the backend answers, else in the background.
class Engine::Acquisition {
 public:
  Acquisition(Engine& engine, std::shared_ptr<HeldLock> held_lock, TimePoint deadline)
      : engine_(engine), held_lock_(std::move(held_lock)), deadline_(deadline) {}
  ~Acquisition();
  Acquisition(const Acquisition&) = delete;
  Acquisition& operator=(const Acquisition&) = delete;

  /// False when others had it until the deadline.
  Result<bool> run(LockLine::Waiter& waiter, const std::stop_token& stop);

 private:
  Result<AttemptResult> attempt();
  [[nodiscard]] milliseconds left() const;
  void wait(const AttemptResult& failed, milliseconds limit, const std::stop_token& stop);
  [[nodiscard]] bool bears(const Error& error);

  Engine& engine_;
  const std::shared_ptr<HeldLock> held_lock_;
  const TimePoint deadline_;
  bool granted_ = false;
  bool may_have_it_ = false;  // an attempt was sent and not answered
  TimePoint last_sent_{};
  std::optional<TimePoint> failing_since_;
};

Engine::Acquisition::~Acquisition() {
  if (granted_) return;
  if (may_have_it_ || (failing_since_ && held_lock_->has_waited)) {
    engine_.keeper_.clean_up(held_lock_, last_sent_ + held_lock_->claim.expire + milliseconds(1000));
  } else if (held_lock_->has_waited) {
    (void)guarded_call<Done>([&] {
      engine_.backend_->give_up(held_lock_->claim, last_call);
      return Done{};
    });
  }
}

milliseconds Engine::Acquisition::left() const {
  constexpr milliseconds longest{60'000};
  if (deadline_ == TimePoint::max()) return longest;
  return std::min(longest, std::chrono::ceil<milliseconds>(deadline_ - engine_.options_.clock->now()));
}

Result<AttemptResult> Engine::Acquisition::attempt() {
  last_sent_ = engine_.options_.clock->now();
  Backend::Limit limit;
  if (deadline_ != TimePoint::max()) {
    const auto left = this->left();
    limit = std::max({left, std::min(left + last_call, last_call), least_last_call});
  }
  auto attempt = guarded_call<AttemptResult>([&] {
    return engine_.backend_->attempt(held_lock_->claim, deadline_ > last_sent_, held_lock_->has_waited,
                                     limit);
  });
  if (attempt.ok()) {
    failing_since_.reset();
    may_have_it_ = false;  // an earlier attempt's claim would have been recognised
    return attempt;
  }
  const Error& error = attempt.error();
  // Without memory the answer may be what was lost.
  may_have_it_ = may_have_it_ || error.outcome() == Outcome::unknown || error.code() == ErrorCode::no_memory;
  if (!failing_since_) failing_since_ = engine_.options_.clock->now();
  return attempt;
}

bool Engine::Acquisition::bears(const Error& error) {
  return basics::is_temporary(error) && left().count() > 0 &&
         engine_.options_.clock->now() - *failing_since_ < engine_.options_.outage_patience;
}

void Engine::Acquisition::wait(const AttemptResult& failed, milliseconds limit, const std::stop_token& stop) {
  held_lock_->has_waited = true;
  const auto waited = guarded_call<Done>([&] {
    engine_.backend_->wait(held_lock_->claim, failed, limit, stop);
    return Done{};
  });
  if (!waited.ok()) detail::interruptible_sleep(std::min(limit, milliseconds(50)), stop);
}

Result<bool> Engine::Acquisition::run(LockLine::Waiter& waiter, const std::stop_token& stop) {
  for (;;) {
    const auto attempt = this->attempt();
    if (attempt.ok() && attempt.value().granted) {
      granted_ = true;
      held_lock_->grant(attempt.value().fencing_token, last_sent_);
      waiter.become(held_lock_);
      engine_.keeper_.watch(held_lock_);
      return true;
    }
    const auto limit = left();
    if (!attempt.ok()) {
      if (!bears(attempt.error())) return attempt.error();
      detail::interruptible_sleep(std::min(limit, milliseconds(50)), stop);
    } else if (limit.count() > 0) {
      wait(attempt.value(), limit, stop);
    }
    if (stop.stop_requested()) return stopped_error();
    if (attempt.ok() && limit.count() <= 0) return false;
  }
}

Result<std::shared_ptr<IMutexLease>> Engine::take(const std::shared_ptr<LockLine>& line,
                                                  const MutexRequest& request, bool reentrant) {
  if (fork_mark_.forked()) return basics::forked_error();
  const auto lease = std::make_shared<Lease>(shared_from_this());
  if (reentrant) {
    if (auto again = line->take_again()) {
      lease->hold(std::move(again));
      return std::shared_ptr<IMutexLease>(lease);
    }
  }
  const auto deadline = deadline_of(request);
  std::stop_source either;
  const std::stop_callback on_request(request.stop, [&] { either.request_stop(); });
  const std::stop_callback on_stop(stopping_.get_token(), [&] { either.request_stop(); });
  if (either.stop_requested()) return stopped_error();
  std::optional<std::chrono::nanoseconds> limit;
  if (request.wait) limit = deadline - options_.clock->now();
  LockLine::Waiter waiter(*line, request.mode);
  if (!waiter.wait_for_turn(limit, either.get_token())) {
    if (either.stop_requested()) return stopped_error();
    return std::shared_ptr<IMutexLease>();
  }
  const auto held_lock = new_held_lock(line, request);
  const auto granted = Acquisition(*this, held_lock, deadline).run(waiter, either.get_token());
  if (!granted.ok()) return granted.error();
  if (!granted.value()) return std::shared_ptr<IMutexLease>();
  lease->hold(held_lock);
  return std::shared_ptr<IMutexLease>(lease);
}

Result<std::vector<MutexHolder>> Engine::holders(const LockLine& line) {
  if (fork_mark_.forked()) return basics::forked_error();
  if (auto known = backend_->holders(line.name())) return *known;
  std::vector<MutexHolder> holders;
  const auto now = options_.clock->now();
  for (const auto& held_lock : line.held_locks()) {
    if (!held_lock->held()) continue;
    MutexHolder holder{held_lock->claim.owner, held_lock->claim.mode, {}};
    if (held_lock->lasting != HeldLock::Lasting::for_ever)
      holder.remaining = std::chrono::ceil<milliseconds>(held_lock->end() - now);
    holders.push_back(std::move(holder));
  }
  return holders;
}

Result<bool> Engine::renew(HeldLock& held_lock) {
  if (!held_lock.held()) return false;
  const auto sent = options_.clock->now();
  const auto answers = backend_->renew({&held_lock.claim, 1}, milliseconds(2000));
  if (answers.empty()) return false;
  if (!answers.front().ok()) return answers.front().error();
  if (answers.front().value())
    held_lock.extend_from(sent);
  else
    keeper_.lose(held_lock, "it was taken away");
  return held_lock.held();
}

Result<bool> Engine::release(const std::shared_ptr<HeldLock>& held_lock) noexcept {
  const bool in_time = options_.clock->now() < held_lock->end();
  if (!held_lock->change(HeldLock::State::released)) return false;
  keeper_.forget(*held_lock);
  const auto released = guarded_call<bool>([&] { return backend_->release(held_lock->claim, {}); });
  if (!released.ok()) keeper_.clean_up(held_lock, held_lock->end() + held_lock->claim.expire / 50);
  held_lock->line->vacate(*held_lock);
  if (!released.ok()) return released;
  return released.value() && in_time;
}

void Engine::stop() noexcept {
  if (fork_mark_.forked()) return;
  stopping_.request_stop();
  keeper_.stop();
}

}  // namespace cachesite::mutex
