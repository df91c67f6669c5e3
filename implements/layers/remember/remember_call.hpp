#pragma once

#include "layers/remember/remember_inner.hpp"

#include <cachesite/detail/guarded_call.hpp>
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
        gives_time_to_live_(time_to_live.specified()),
        time_to_live_(gives_time_to_live_ ? time_to_live : TimeToLive::never_expires()),
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
  friend class AsyncComputation;
  friend class AsyncLead;
  friend class RememberBatch;
  using Flight = remembering::Flight;
  using FlightTable = remembering::FlightTable;
  using TimePoint = FlightTable::TimePoint;
  struct Work;
  struct RefreshWork;
  struct Limit;
  using Details = StoredEntries::Details;
  /// What the first look has seen, and the steps on another thread go on with.
  struct Seen {
    bool missed = false;  // there was no entry, not even one that is not acceptable
    bool readable = true;
    bool fresh = false;          // in envelopes: there was one whose TTL had not ended
    StoredEntries::Mark mark;    // what a later write replaces
    std::optional<Lookup> kept;  // a stale value of the cache below
    Details details;             // of that
    std::uint64_t changes = 0;   // of the key by this process, before it
  };
  /// What the result of a factory comes to.
  struct Outcome {
    Lookup answer;
    std::optional<TimeToLive> time_to_live;  // to store it for; nothing: it is not stored
  };

  std::optional<Lookup> look(bool first);
  void set_deadline();
  void begin_missing();
  Result<Found> read_first(Value& value, Details& details);
  [[nodiscard]] bool has_stale_copy();
  void note_seen(const Result<Found>& found, const Value& value, const Details& details,
                 std::uint64_t changes);
  void note_batch_seen(const Lookup& found, Details details, std::uint64_t changes);
  std::optional<Lookup> without_entry(const Result<Found>& found);
  std::optional<Lookup> serve_while_revalidating();
  [[nodiscard]] const Computation* computation_for_elsewhere() const noexcept;
  void refresh_elsewhere(const Computation& computation);
  /// The new value; nothing when another process has it, or computes it.
  std::optional<Lookup> refresh_ahead();
  bool take_newer();
  bool is_missing_below();
  Result<Remaining> left_below(std::chrono::nanoseconds& cost);
  void arm_refresh(TimeToLive time_to_live) noexcept;
  Lookup compute_missing(std::uint64_t landings);
  std::optional<Lookup> answer_of_earlier_failure();
  Lookup refused_boarding(FlightTable::Role role);
  Lookup refresh();
  /// False when there is no thread for it: the flight is then that of the calling thread again.
  bool run_elsewhere(const std::shared_ptr<Flight>& flight, bool look_again, basics::Crew& crew,
                     const basics::Crew::Limits& limits);
  std::optional<Lookup> start_elsewhere(const std::shared_ptr<Flight>& flight, bool look_again);
  Lookup follow(const std::shared_ptr<Flight>& flight, bool own);
  /// Nothing after `wait`, when the caller is to compute the value itself.
  std::optional<Lookup> follow_within_wait(const std::shared_ptr<Flight>& flight, bool own);
  [[nodiscard]] Limit next_limit(const Flight& flight, bool own, bool soft) const;
  std::optional<Lookup> serve_at_soft_limit();
  Lookup late_for_the_call();
  std::optional<Lookup> late_for_the_wait();
  Lookup give_up(const std::shared_ptr<Flight>& flight);
  Lookup shed(const char* reason);
  Lookup answer_of_leader(Flight& flight, bool look_again, std::shared_ptr<IMutexLease>& lease);
  /// The answer, when no factory is needed; else the lock is held, if there is one.
  std::optional<Lookup> answer_before_factory(bool look_again, std::shared_ptr<IMutexLease>& lease);
  /// Runs `answer` and lands with what it returns.
  Lookup land_with(const std::shared_ptr<Flight>& flight, const std::function<Lookup(Flight&)>& answer);
  Result<std::shared_ptr<IMutexLease>> lock(std::chrono::milliseconds wait);
  Result<std::shared_ptr<IMutexLease>> take(bool lenient);
  Lookup compute(Flight& flight, const IMutexLease* lease);
  Result<Computed> call_factory(Flight& flight);
  void note_cost(IClock::TimePoint begin);
  /// What the factory is told, which is about to be called.
  ComputeContext begin_factory(Flight& flight);
  Lookup conclude(Flight& flight, const IMutexLease* lease, Result<Computed> computed);
  void recall_last_value(ComputeContext& context);
  Outcome outcome_of(const Flight& flight, Result<Computed> computed);
  Outcome outcome_of_not_modified(std::optional<TimeToLive> time_to_live);
  [[nodiscard]] std::optional<TimeToLive> lasting(bool has_value) const;
  void store(Flight& flight, const IMutexLease* lease, const Lookup& lookup, TimeToLive time_to_live);
  /// Whether it is to be stored; reports why not.
  [[nodiscard]] bool may_store(const IMutexLease* lease, const Lookup& lookup, TimeToLive time_to_live) const;
  void note_stored(bool late, bool stored, const std::optional<Error>& failure, const Lookup& lookup,
                   TimeToLive time_to_live);
  /// Whether the store has what the call has seen there, as far as that counts.
  Result<bool> may_replace(const Lookup& lookup);
  /// False: another value has come meanwhile, and stays.
  Result<bool> write(const Lookup& lookup, TimeToLive time_to_live);
  Result<bool> write_sealed(std::optional<ByteView> value, TimeToLive time_to_live);
  /// Nothing: the entry has gone, and is to be written.
  std::optional<Result<bool>> renew(TimeToLive time_to_live);
  [[nodiscard]] bool keeps_its_header() const noexcept;

  [[nodiscard]] bool may_be_stale() const noexcept;
  /// The entry that has ended and is kept, if there is one.
  std::optional<Lookup> kept_value(StaleRead& stale, bool to_serve);
  std::optional<Lookup> find_kept(StaleRead& stale, Details& details);
  std::optional<Lookup> find_copy(StaleRead& stale, Details& details);
  std::optional<Lookup> find_kept_below(StaleRead& stale, Details& details);
  std::optional<Lookup> seen_kept(StaleRead& stale, Details& details) const;
  [[nodiscard]] bool knows_stale();
  std::optional<Lookup> serve_stale();
  std::optional<Lookup> serve_throttled();
  Lookup or_stale(Lookup answer);
  void note_failure(const Error& error);
  /// What is computed stands, even if who is told throws.
  void report(const Error& error) const noexcept {
    if (!computation_.report) return;
    (void)guarded_call<Done>([&]() -> Result<Done> {
      computation_.report(error);
      return Done{};
    });
  }

  RememberCache& cache_;
  Inner& inner_;
  FlightTable& flights_;
  const std::string_view key_;
  const bool gives_time_to_live_;  // else the loader has to
  const TimeToLive time_to_live_;
  const Computation& computation_;
  const std::vector<std::string_view> tags_;
  const remembering::Terms* terms_ = nullptr;  // once the value is known to be missing
  TimePoint missed_at_{};
  std::optional<TimePoint> deadline_;  // of a call that has one, and waits itself
  Seen seen_;
  bool may_wait_ = true;  // for a server, to look for a stale value
  Trigger trigger_ = Trigger::miss;
  const remembering::KeysAtWork::Work* registered_ = nullptr;  // of a refresh behind its readers
  std::optional<Lookup> known_;                                // the last value, as the factory was given it
  Details known_details_;
  bool renews_ = false;                 // the entry gets a new TTL, and keeps its value
  StoredEntries::Knowledge knowledge_;  // of the value to be stored
};

}  // namespace cachesite
