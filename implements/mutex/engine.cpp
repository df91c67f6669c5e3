#include "mutex/engine.hpp"

#include "mutex/mutex_handle.hpp"
#include "redis_user/redis_user.hpp"

#include <cachesite/mutex_site.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <optional>
#include <stdexcept>
#include <utility>

namespace cachesite::mutexes {

namespace {

using std::chrono::milliseconds;

/// What a user holds of a tenure; a reentrant one has several.
class Lease final : public IMutexLease {
 public:
  Lease(std::shared_ptr<Engine> engine, std::shared_ptr<Tenure> tenure) noexcept
      : engine_(std::move(engine)), tenure_(std::move(tenure)) {}
  ~Lease() override { (void)Lease::release(); }

  [[nodiscard]] bool held() const noexcept override { return !given_back_.load() && tenure_->held(); }
  [[nodiscard]] std::uint64_t fencing_token() const noexcept override { return tenure_->fencing_token; }
  [[nodiscard]] std::stop_token lost() const noexcept override { return tenure_->lost.get_token(); }
  [[nodiscard]] TimePoint valid_until() const noexcept override { return tenure_->end(); }
  [[nodiscard]] const std::string& owner() const noexcept override { return tenure_->claim.owner; }
  Result<bool> renew() noexcept override {
    if (given_back_.load()) return false;
    return guarded([&] { return engine_->renew(*tenure_); });
  }
  Result<bool> release() noexcept override {
    if (given_back_.exchange(true)) return false;
    const bool was_held = tenure_->held();
    if (!tenure_->line->give_back_once(*tenure_)) return was_held;
    return guarded([&] { return engine_->release(*tenure_); });
  }

 private:
  template <class Call>
  static Result<bool> guarded(Call&& call) noexcept {
    try {
      return call();
    } catch (const std::exception&) {
      return Error(ErrorCode::no_memory);
    }
  }

  const std::shared_ptr<Engine> engine_;
  const std::shared_ptr<Tenure> tenure_;
  std::atomic<bool> given_back_{false};
};

void pause(milliseconds length, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, length, [] { return false; });
}

TimePoint deadline_of(const MutexRequest& request) {
  if (!request.wait) return TimePoint::max();
  constexpr milliseconds longest = std::chrono::hours(24 * 365);
  return SteadyTime::now() + std::clamp(*request.wait, milliseconds(0), longest);
}

Error stopped_error() {
  return Error(ErrorCode::closed, "the mutex site is stopped, or the wait was");
}

}  // namespace

Engine::Engine(std::unique_ptr<Backend> backend, EngineOptions options)
    : backend_(std::move(backend)),
      options_(std::move(options)),
      keeper_(*backend_, options_.label, options_.logger) {}

std::shared_ptr<LockLine> Engine::line_of(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto found = lines_.find(name);
  if (found != lines_.end())
    if (auto line = found->second.lock()) return line;
  if (lines_.size() >= lines_to_sweep_) {
    std::erase_if(lines_, [](const auto& entry) { return entry.second.expired(); });
    lines_to_sweep_ = std::max<std::size_t>(64, lines_.size() * 2);
  }
  auto line = std::make_shared<LockLine>(std::string(name));
  lines_.insert_or_assign(std::string(name), line);
  return line;
}

std::shared_ptr<IMutex> Engine::make_mutex(std::string_view name, bool reentrant) {
  if (name.empty() || name.size() > IMutexSite::longest_name)
    throw std::invalid_argument("the name of a mutex is 1 to 1024 bytes long");
  return std::make_shared<MutexHandle>(shared_from_this(), line_of(name), reentrant);
}

Result<std::shared_ptr<IMutexLease>> Engine::take(const std::shared_ptr<LockLine>& line,
                                                  const MutexRequest& request, bool reentrant) {
  std::shared_ptr<Tenure> tenure;
  if (reentrant) tenure = line->take_again();
  if (!tenure) {
    const auto deadline = deadline_of(request);
    std::stop_source either;
    const std::stop_callback on_request(request.stop, [&] { either.request_stop(); });
    const std::stop_callback on_stop(stopping_.get_token(), [&] { either.request_stop(); });
    if (either.stop_requested()) return stopped_error();
    LockLine::Place place(*line, request.mode);
    if (!place.wait_for_turn(deadline, either.get_token())) {
      if (either.stop_requested()) return stopped_error();
      return std::shared_ptr<IMutexLease>();
    }
    auto contended = contend(place, line, request, deadline, either.get_token());
    if (!contended.ok()) return contended.error();
    tenure = std::move(contended).value();
    if (!tenure) return std::shared_ptr<IMutexLease>();
  }
  return std::shared_ptr<IMutexLease>(std::make_shared<Lease>(shared_from_this(), std::move(tenure)));
}

/// What is known while one request tries again and again.
struct Engine::Contest {
  Claim claim;
  bool has_waited = false;
  bool may_have_it = false;  // an attempt was sent and not answered
  TimePoint last_sent{};
  std::optional<TimePoint> failing_since;
};

// Only the first in line gets here.
Result<std::shared_ptr<Tenure>> Engine::contend(LockLine::Place& place, const std::shared_ptr<LockLine>& line,
                                                const MutexRequest& request, TimePoint deadline,
                                                const std::stop_token& stop) {
  Contest contest;
  contest.claim = {line->name(), owners_.next(), request.mode,
                   request.expire ? milliseconds(request.expire->milliseconds()) : options_.expire};
  const auto leave = [&] {
    if (contest.may_have_it)
      keeper_.clean_up(contest.claim, contest.last_sent + contest.claim.expire + milliseconds(1000));
    if (contest.has_waited) backend_->give_up(contest.claim);
  };
  for (;;) {
    contest.last_sent = SteadyTime::now();
    const auto attempt = backend_->attempt(contest.claim, deadline > contest.last_sent, contest.has_waited);
    const auto now = SteadyTime::now();
    if (attempt.ok() && attempt.value().granted) {
      const auto lasting = !request.renew              ? Tenure::Lasting::until_its_end
                           : backend_->needs_renewal() ? Tenure::Lasting::while_renewed
                                                       : Tenure::Lasting::for_ever;
      auto tenure = std::make_shared<Tenure>(contest.claim, line, attempt.value().fencing_token, lasting,
                                             contest.last_sent);
      place.become(tenure);
      keeper_.watch(tenure);
      return tenure;
    }
    auto left = milliseconds(60'000);
    if (deadline != TimePoint::max()) left = std::min(left, std::chrono::ceil<milliseconds>(deadline - now));
    if (attempt.ok()) {
      contest.failing_since.reset();
      contest.may_have_it = false;  // an earlier attempt's claim would have been recognised
      if (left.count() > 0) {
        contest.has_waited = true;
        backend_->wait(contest.claim, attempt.value(), left, stop);
      }
    } else {
      const Error& error = attempt.error();
      contest.may_have_it = contest.may_have_it || error.outcome() == Outcome::unknown;
      if (!contest.failing_since) contest.failing_since = now;
      if (!redis::is_temporary(error) || left.count() <= 0 ||
          now - *contest.failing_since >= options_.outage_patience) {
        leave();
        return error;
      }
      pause(std::min(left, milliseconds(50)), stop);
    }
    if (stop.stop_requested()) {
      leave();
      return stopped_error();
    }
    if (attempt.ok() && left.count() <= 0) {
      leave();
      return std::shared_ptr<Tenure>();
    }
  }
}

Result<std::vector<MutexHolder>> Engine::holders(const LockLine& line) {
  if (auto known = backend_->holders(line.name())) return *known;
  std::vector<MutexHolder> holders;
  const auto now = SteadyTime::now();
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
  const auto sent = SteadyTime::now();
  const auto answers = backend_->renew({&tenure.claim, 1}, milliseconds(2000));
  if (answers.empty()) return false;
  if (!answers.front().ok()) return answers.front().error();
  if (answers.front().value())
    tenure.extend_from(sent);
  else
    keeper_.lose(tenure, "it was taken away");
  return tenure.held();
}

Result<bool> Engine::release(Tenure& tenure) {
  const bool in_time = SteadyTime::now() < tenure.end();
  if (!tenure.change(Tenure::State::released)) return false;
  keeper_.forget(tenure);
  auto released = backend_->release(tenure.claim);
  if (!released.ok()) keeper_.clean_up(tenure.claim, tenure.end() + tenure.claim.expire / 50);
  tenure.line->vacate(tenure);
  if (!released.ok()) return released;
  return released.value() && in_time;
}

void Engine::stop() noexcept {
  stopping_.request_stop();
  keeper_.stop();
}

}  // namespace cachesite::mutexes
