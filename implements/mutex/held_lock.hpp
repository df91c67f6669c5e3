#pragma once

#include "mutex/backend.hpp"

#include <cachesite/clock.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

namespace cachesite::mutex {

class LockLine;
class HeldLock;

using SteadyTime = std::chrono::steady_clock;
using TimePoint = SteadyTime::time_point;
/// What a LeaseKeeper has to attend to, and when.
using Schedule = std::multimap<TimePoint, std::shared_ptr<HeldLock>>;

/// One holding of a mutex by this process, made before the mutex is asked for: whatever can fail for want of
/// memory or of a thread fails before there is anything to lose.
///
///     asking    nothing was granted yet               granted -> held; else it goes as it is
///     held      this process has the mutex until end  denied, not renewed in time, site stopped -> lost
///                                                     given back -> released
///     lost, released                                  final
class HeldLock {
 public:
  enum class State : std::uint8_t { asking, held, lost, released };

  enum class Lasting : std::uint8_t { until_its_end, while_renewed, for_ever };

  /// What the keeper does for it at its next turn.
  enum class Task : std::uint8_t {
    none,
    watch,    ///< renew it, or notice that it is over
    clean_up  ///< release it at the backend, again and again until that has answered or `clean_until`
  };

  /// Whose it is: a thread's, or a call's that belongs to no thread.
  using CallerId = std::optional<std::thread::id>;

  HeldLock(Claim what, std::shared_ptr<LockLine> where, Lasting how_long, std::shared_ptr<const IClock> time,
           CallerId whose = std::this_thread::get_id())
      : claim(std::move(what)),
        line(std::move(where)),
        lasting(how_long),
        clock(std::move(time)),
        holder(whose) {}

  void grant(std::uint64_t token, TimePoint sent) noexcept {
    fencing_token = token;
    extend_from(sent);
    state.store(State::held);
  }
  [[nodiscard]] bool held() const noexcept { return state.load() == State::held && clock->now() < end(); }
  [[nodiscard]] TimePoint end() const noexcept { return TimePoint(SteadyTime::duration(end_.load())); }
  // The server's count begins later than `sent`; a hundredth is left for clocks that differ in speed.
  void extend_from(TimePoint sent) noexcept {
    if (lasting == Lasting::for_ever) return;
    end_.store((sent + std::chrono::duration_cast<SteadyTime::duration>(claim.expire) / 100 * 99)
                   .time_since_epoch()
                   .count());
  }
  /// A renewal is about to be sent, which reaches the backend by `limit` at the latest. Unanswered or answered
  /// too late, it keeps others out after `end()`.
  void note_renewal(TimePoint limit) noexcept {
    const auto last =
        (limit + std::chrono::duration_cast<SteadyTime::duration>(claim.expire)).time_since_epoch();
    auto known = renewed_until_.load();
    while (known < last.count() && !renewed_until_.compare_exchange_weak(known, last.count())) {
    }
  }
  /// How long the last renewal that was sent keeps it at the backend.
  [[nodiscard]] TimePoint renewed_until() const noexcept {
    return TimePoint(SteadyTime::duration(renewed_until_.load()));
  }
  /// Ends it. True for the caller that made the change.
  bool change(State to) noexcept {
    State expected = State::held;
    return state.compare_exchange_strong(expected, to);
  }

  const Claim claim;
  const std::shared_ptr<LockLine> line;
  const Lasting lasting;
  const std::shared_ptr<const IClock> clock;
  const CallerId holder;
  std::uint64_t fencing_token = 0;  // before it is held
  bool has_waited = false;  // something of it may be left at the backend; before it is held or cleaned up
  std::atomic<State> state{State::asking};
  std::stop_source lost;
  std::size_t depth = 1;  // guarded by the line

  // Guarded by the keeper.
  Task task = Task::none;
  TimePoint due{};
  TimePoint clean_until{};
  Schedule::node_type place;  // empty while the keeper has it in its schedule

 private:
  std::atomic<SteadyTime::rep> end_{TimePoint::max().time_since_epoch().count()};
  std::atomic<SteadyTime::rep> renewed_until_{TimePoint::min().time_since_epoch().count()};
};

}  // namespace cachesite::mutex
