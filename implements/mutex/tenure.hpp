#pragma once

#include "mutex/backend.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>

namespace cachesite::mutexes {

class LockLine;

using SteadyTime = std::chrono::steady_clock;
using TimePoint = SteadyTime::time_point;

/// One holding of a mutex by this process.
class Tenure {
 public:
  enum class State : std::uint8_t { held, lost, released };

  enum class Lasting : std::uint8_t { until_its_end, while_renewed, for_ever };

  Tenure(Claim what, std::shared_ptr<LockLine> where, std::uint64_t token, Lasting how_long, TimePoint sent)
      : claim(std::move(what)), line(std::move(where)), fencing_token(token), lasting(how_long) {
    extend_from(sent);
  }

  [[nodiscard]] bool held() const noexcept {
    return state.load() == State::held && SteadyTime::now() < end();
  }
  [[nodiscard]] TimePoint end() const noexcept { return TimePoint(SteadyTime::duration(end_.load())); }
  // The server's count begins later than `sent`; a hundredth is left for clocks that differ in speed.
  void extend_from(TimePoint sent) noexcept {
    if (lasting == Lasting::for_ever) return;
    end_.store((sent + std::chrono::duration_cast<SteadyTime::duration>(claim.expire) * 99 / 100)
                   .time_since_epoch()
                   .count());
  }
  /// True for the caller that made the change.
  bool change(State to) noexcept {
    State expected = State::held;
    return state.compare_exchange_strong(expected, to);
  }

  const Claim claim;
  const std::shared_ptr<LockLine> line;
  const std::uint64_t fencing_token;
  const Lasting lasting;
  const std::thread::id thread = std::this_thread::get_id();
  std::atomic<State> state{State::held};
  std::stop_source lost;
  std::size_t depth = 1;  // guarded by the line
  TimePoint due{};        // guarded by the keeper

 private:
  std::atomic<SteadyTime::rep> end_{TimePoint::max().time_since_epoch().count()};
};

}  // namespace cachesite::mutexes
