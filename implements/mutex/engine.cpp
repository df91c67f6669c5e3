#include "mutex/engine.hpp"

#include "basics/inherited.hpp"
#include "basics/joined_stop.hpp"
#include "mutex/acquisition.hpp"
#include "mutex/lease.hpp"
#include "mutex/mutex_handle.hpp"

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/mutex.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

namespace cachesite::mutex {

namespace {

using std::chrono::milliseconds;

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
                                                const MutexRequest& request, HeldLock::CallerId holder) {
  const auto lasting = !request.renew              ? HeldLock::Lasting::until_its_end
                       : backend_->needs_renewal() ? HeldLock::Lasting::while_renewed
                                                   : HeldLock::Lasting::for_ever;
  const auto expire = request.expire ? milliseconds(request.expire->milliseconds()) : options_.expire;
  auto held_lock = std::make_shared<HeldLock>(Claim{line->name(), owners_.next(), request.mode, expire}, line,
                                              lasting, options_.clock, holder);
  keeper_.prepare(*held_lock);
  return held_lock;
}

Acquisition::Surroundings Engine::surroundings() {
  return {*backend_, keeper_, *options_.clock, options_.outage_patience};
}

Engine::Taken Engine::take(const std::shared_ptr<LockLine>& line, const MutexRequest& request,
                           bool reentrant) {
  if (fork_mark_.forked()) return basics::forked_error();
  const auto lease = std::make_shared<Lease>(shared_from_this());
  if (reentrant) {
    if (auto again = line->take_again()) {
      lease->hold(std::move(again));
      return std::shared_ptr<IMutexLease>(lease);
    }
  }
  const auto deadline = deadline_of(request);
  const basics::JoinedStop joined(request.stop, stopping_.get_token());
  const auto stop = joined.token();
  if (stop.stop_requested()) return stopped_error();
  std::optional<std::chrono::nanoseconds> limit;
  if (request.wait) limit = deadline - options_.clock->now();
  LockLine::Waiter waiter(*line, request.mode);
  if (!waiter.wait_for_turn(limit, stop)) {
    if (stop.stop_requested()) return stopped_error();
    return std::shared_ptr<IMutexLease>();
  }
  const auto held_lock = new_held_lock(line, request, std::this_thread::get_id());
  const auto granted = Acquisition(surroundings(), held_lock, deadline).run(waiter, stop);
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
  constexpr milliseconds limit(2000);
  held_lock.note_renewal(sent + limit);
  const auto answers = backend_->renew({&held_lock.claim, 1}, limit);
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
  finish_release(held_lock, released.ok());
  if (!released.ok()) return released;
  return released.value() && in_time;
}

void Engine::finish_release(const std::shared_ptr<HeldLock>& held_lock, bool answered) noexcept {
  if (!answered) {
    const auto end = held_lock->end() + held_lock->claim.expire / 50;
    keeper_.clean_up(held_lock, std::max(end, held_lock->renewed_until()));
  }
  held_lock->line->vacate(*held_lock);
}

void Engine::stop() noexcept {
  if (fork_mark_.forked()) return;
  stopping_.request_stop();
  keeper_.stop();
}

}  // namespace cachesite::mutex
