#pragma once

#include "layers/remember/remember_inner.hpp"

#include <cachesite/mutex.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace cachesite {

/// One call of `remember`, or the part of it that runs on a thread of the cache. What it does, in this order:
///
///     looking    reads the cache                      run()
///     renewing   computes again, or has that done     after a hit that is due; behind a stale value (swr)
///     deciding   remembered failure, throttle         after a miss
///     leading    computes and stores                  no flight of the key was there
///     following  waits for the flight of another,     there was one; or its own one runs on another thread
///                or of its own on another thread
///     answering  a failure becomes a stale value      when there is one; an end
class RememberCache::RememberCall {
 public:
  RememberCall(RememberCache& cache, std::string_view key, TimeToLive time_to_live,
               const Computation& computation)
      : cache_(cache),
        inner_(*cache.inner_),
        flights_(inner_.table.get()),
        key_(key),
        time_to_live_(time_to_live),
        computation_(computation),
        tags_(computation.tags.begin(), computation.tags.end()) {}

  /// A call without tags, conditions and force.
  static Lookup run_plainly(RememberCache& cache, std::string_view key, TimeToLive time_to_live,
                            const Computation& computation);
  Lookup run();
  /// The same when the cache has been read, and had nothing: `landings` is from before that.
  Lookup run_after(std::uint64_t landings, const Result<Found>& found);
  /// The answer to a hit that is due, which the caller has claimed.
  Lookup renewed(Lookup answer);
  /// Computes, stores and lands. The flight belongs to the calling thread.
  Lookup lead(const std::shared_ptr<remembering::Flight>& flight, bool look_again);

 private:
  using Flight = remembering::Flight;
  using FlightTable = remembering::FlightTable;
  using TimePoint = FlightTable::TimePoint;
  struct Work;
  struct RefreshWork;
  struct Limit;

  std::optional<Lookup> look(bool first);
  void begin_missing();
  std::optional<Lookup> without_entry(const Result<Found>& found);
  std::optional<Lookup> serve_while_revalidating();
  void refresh_elsewhere();
  /// The new value; nothing when another process has it, or computes it.
  std::optional<Lookup> refresh_ahead();
  bool take_newer();
  void arm_refresh(TimeToLive time_to_live) noexcept;
  Lookup compute_missing(std::uint64_t landings);
  Lookup refresh();
  Lookup compute_apart();
  std::optional<Lookup> start_elsewhere(const std::shared_ptr<Flight>& flight, bool look_again);
  Lookup follow(const std::shared_ptr<Flight>& flight, bool own);
  [[nodiscard]] Limit next_limit(const Flight& flight, bool own, bool soft) const;
  Lookup give_up(const std::shared_ptr<Flight>& flight);
  Lookup shed(const char* reason);
  Lookup answer_of_leader(Flight& flight, bool look_again, std::shared_ptr<IMutexLease>& lease);
  /// Runs `answer` and lands with what it returns.
  Lookup land_with(const std::shared_ptr<Flight>& flight, const std::function<Lookup(Flight&)>& answer);
  Result<std::shared_ptr<IMutexLease>> lock(std::chrono::milliseconds wait);
  Result<std::shared_ptr<IMutexLease>> take(bool lenient);
  Lookup compute(Flight& flight, const IMutexLease* lease);
  Result<Computed> call_factory(Flight& flight);
  [[nodiscard]] std::optional<TimeToLive> lasting(bool has_value) const;
  void store(Flight& flight, const IMutexLease* lease, const Lookup& lookup, TimeToLive time_to_live);
  Status write(const Lookup& lookup, TimeToLive time_to_live);

  [[nodiscard]] bool may_be_stale() const noexcept;
  /// The entry that has ended and is kept, if there is one.
  std::optional<Lookup> kept_value(StaleRead& stale, bool to_serve);
  [[nodiscard]] bool knows_stale();
  std::optional<Lookup> serve_stale();
  std::optional<Lookup> serve_throttled();
  Lookup or_stale(Lookup answer);
  void note_failure(const Error& error);
  void report(const Error& error) const {
    if (computation_.report) computation_.report(error);
  }

  RememberCache& cache_;
  Inner& inner_;
  FlightTable& flights_;
  const std::string_view key_;
  const TimeToLive time_to_live_;
  const Computation& computation_;
  const std::vector<std::string_view> tags_;
  const remembering::Terms* terms_ = nullptr;  // once the value is known to be missing
  TimePoint missed_at_{};
  bool readable_ = true;
  Trigger trigger_ = Trigger::miss;
  bool missed_ = false;  // there was no entry, not even one that is not acceptable
};

}  // namespace cachesite
