#include "mutex/engine.hpp"

#include "basics/inherited.hpp"
#include "basics/temporary_error.hpp"
#include "mutex/mutex_handle.hpp"

#include <cachesite/detail/interruptible_sleep.hpp>
#include <cachesite/guarded_call.hpp>
#include <cachesite/mutex_site.hpp>

#include <algorithm>
#include <atomic>
#include <optional>
#include <stdexcept>
#include <utility>

namespace cachesite::mutexes {

namespace {

using std::chrono::milliseconds;

// What the last attempt may take when the server does not answer, and what giving up may. A wait that has
// outlasted its limit is taken off, down to the least.
constexpr milliseconds last_call{500};
constexpr milliseconds least_last_call{50};

/// What a user holds of a tenure; a reentrant one has several. Made before there is a tenure to hold. In a
/// forked child it is held no longer: the mutex is the parent's.
class Lease final : public IMutexLease {
 public:
  explicit Lease(std::shared_ptr<Engine> engine) noexcept : engine_(std::move(engine)) {}
  ~Lease() override {
    if (tenure_) (void)Lease::release();
  }
  void hold(std::shared_ptr<Tenure> tenure) noexcept { tenure_ = std::move(tenure); }

  [[nodiscard]] bool held() const noexcept override {
    return !fork_mark_.forked() && !given_back_.load() && tenure_->held();
  }
  [[nodiscard]] std::uint64_t fencing_token() const noexcept override { return tenure_->fencing_token; }
  [[nodiscard]] std::stop_token lost() const noexcept override { return tenure_->lost.get_token(); }
  [[nodiscard]] TimePoint valid_until() const noexcept override { return tenure_->end(); }
  [[nodiscard]] const std::string& owner() const noexcept override { return tenure_->claim.owner; }
  Result<bool> renew() noexcept override {
    if (fork_mark_.forked()) return basics::forked_error();
    if (given_back_.load()) return false;
    return guarded_call<bool>([&] { return engine_->renew(*tenure_); });
  }
  Result<bool> release() noexcept override {
    if (fork_mark_.forked()) return basics::forked_error();
    if (given_back_.exchange(true)) return false;
    const bool was_held = tenure_->held();
    if (!tenure_->line->give_back_once(*tenure_)) return was_held;
    return engine_->release(tenure_);
  }

 private:
  const std::shared_ptr<Engine> engine_;
  std::shared_ptr<Tenure> tenure_;
  std::atomic<bool> given_back_{false};
  const basics::ForkMark fork_mark_;
};

Error stopped_error() {
  return Error(ErrorCode::closed, "the mutex site is stopped, or the wait was");
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

std::shared_ptr<Tenure> Engine::new_tenure(const std::shared_ptr<LockLine>& line,
                                           const MutexRequest& request) {
  const auto lasting = !request.renew              ? Tenure::Lasting::until_its_end
                       : backend_->needs_renewal() ? Tenure::Lasting::while_renewed
                                                   : Tenure::Lasting::for_ever;
  const auto expire = request.expire ? milliseconds(request.expire->milliseconds()) : options_.expire;
  auto tenure = std::make_shared<Tenure>(Claim{line->name(), owners_.next(), request.mode, expire}, line,
                                         lasting, options_.clock);
  keeper_.prepare(*tenure);
  return tenure;
}

/// One request that tries again and again, by the first in line. Unless it is granted, it takes back in the
/// end what it may have left at the backend: at once while the backend answers, else in the background.
class Engine::Contest {
 public:
  Contest(Engine& engine, std::shared_ptr<Tenure> tenure, TimePoint deadline)
      : engine_(engine), tenure_(std::move(tenure)), deadline_(deadline) {}
  ~Contest();
  Contest(const Contest&) = delete;
  Contest& operator=(const Contest&) = delete;

  /// False when others had it until the deadline.
  Result<bool> run(LockLine::Place& place, const std::stop_token& stop);

 private:
  Result<Attempt> attempt();
  [[nodiscard]] milliseconds left() const;
  void wait(const Attempt& failed, milliseconds limit, const std::stop_token& stop);
  [[nodiscard]] bool bears(const Error& error);

  Engine& engine_;
  const std::shared_ptr<Tenure> tenure_;
  const TimePoint deadline_;
  bool granted_ = false;
  bool may_have_it_ = false;  // an attempt was sent and not answered
  TimePoint last_sent_{};
  std::optional<TimePoint> failing_since_;
};

Engine::Contest::~Contest() {
  if (granted_) return;
  if (may_have_it_ || (failing_since_ && tenure_->has_waited)) {
    engine_.keeper_.clean_up(tenure_, last_sent_ + tenure_->claim.expire + milliseconds(1000));
  } else if (tenure_->has_waited) {
    (void)guarded_call<Done>([&] {
      engine_.backend_->give_up(tenure_->claim, last_call);
      return Done{};
    });
  }
}

milliseconds Engine::Contest::left() const {
  constexpr milliseconds longest{60'000};
  if (deadline_ == TimePoint::max()) return longest;
  return std::min(longest, std::chrono::ceil<milliseconds>(deadline_ - engine_.options_.clock->now()));
}

Result<Attempt> Engine::Contest::attempt() {
  last_sent_ = engine_.options_.clock->now();
  Backend::Limit limit;
  if (deadline_ != TimePoint::max()) {
    const auto left = this->left();
    limit = std::max({left, std::min(left + last_call, last_call), least_last_call});
  }
  auto attempt = guarded_call<Attempt>([&] {
    return engine_.backend_->attempt(tenure_->claim, deadline_ > last_sent_, tenure_->has_waited, limit);
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

bool Engine::Contest::bears(const Error& error) {
  return basics::is_temporary(error) && left().count() > 0 &&
         engine_.options_.clock->now() - *failing_since_ < engine_.options_.outage_patience;
}

void Engine::Contest::wait(const Attempt& failed, milliseconds limit, const std::stop_token& stop) {
  tenure_->has_waited = true;
  const auto waited = guarded_call<Done>([&] {
    engine_.backend_->wait(tenure_->claim, failed, limit, stop);
    return Done{};
  });
  if (!waited.ok()) detail::interruptible_sleep(std::min(limit, milliseconds(50)), stop);
}

Result<bool> Engine::Contest::run(LockLine::Place& place, const std::stop_token& stop) {
  for (;;) {
    const auto attempt = this->attempt();
    if (attempt.ok() && attempt.value().granted) {
      granted_ = true;
      tenure_->grant(attempt.value().fencing_token, last_sent_);
      place.become(tenure_);
      engine_.keeper_.watch(tenure_);
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
  LockLine::Place place(*line, request.mode);
  if (!place.wait_for_turn(limit, either.get_token())) {
    if (either.stop_requested()) return stopped_error();
    return std::shared_ptr<IMutexLease>();
  }
  const auto tenure = new_tenure(line, request);
  const auto granted = Contest(*this, tenure, deadline).run(place, either.get_token());
  if (!granted.ok()) return granted.error();
  if (!granted.value()) return std::shared_ptr<IMutexLease>();
  lease->hold(tenure);
  return std::shared_ptr<IMutexLease>(lease);
}

Result<std::vector<MutexHolder>> Engine::holders(const LockLine& line) {
  if (fork_mark_.forked()) return basics::forked_error();
  if (auto known = backend_->holders(line.name())) return *known;
  std::vector<MutexHolder> holders;
  const auto now = options_.clock->now();
  for (const auto& tenure : line.tenures()) {
    if (!tenure->held()) continue;
    MutexHolder holder{tenure->claim.owner, tenure->claim.mode, {}};
    if (tenure->lasting != Tenure::Lasting::for_ever)
      holder.remaining = std::chrono::ceil<milliseconds>(tenure->end() - now);
    holders.push_back(std::move(holder));
  }
  return holders;
}

Result<bool> Engine::renew(Tenure& tenure) {
  if (!tenure.held()) return false;
  const auto sent = options_.clock->now();
  const auto answers = backend_->renew({&tenure.claim, 1}, milliseconds(2000));
  if (answers.empty()) return false;
  if (!answers.front().ok()) return answers.front().error();
  if (answers.front().value())
    tenure.extend_from(sent);
  else
    keeper_.lose(tenure, "it was taken away");
  return tenure.held();
}

Result<bool> Engine::release(const std::shared_ptr<Tenure>& tenure) noexcept {
  const bool in_time = options_.clock->now() < tenure->end();
  if (!tenure->change(Tenure::State::released)) return false;
  keeper_.forget(*tenure);
  const auto released = guarded_call<bool>([&] { return backend_->release(tenure->claim, {}); });
  if (!released.ok()) keeper_.clean_up(tenure, tenure->end() + tenure->claim.expire / 50);
  tenure->line->vacate(*tenure);
  if (!released.ok()) return released;
  return released.value() && in_time;
}

void Engine::stop() noexcept {
  if (fork_mark_.forked()) return;
  stopping_.request_stop();
  keeper_.stop();
}

}  // namespace cachesite::mutexes
