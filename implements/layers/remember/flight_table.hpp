#pragma once

#include "basics/condition.hpp"

#include <cachesite/lookup.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cachesite::remembering {

/// Somebody who is told that a computation has ended, instead of a thread that waits for it.
class FlightWatcher {
 public:
  /// By the thread that ended it, with no lock held.
  virtual void landed(const Lookup& result) noexcept = 0;

 protected:
  ~FlightWatcher() = default;
};

/// Somebody who is told that a flight does not store any more, instead of a thread that waits for it.
class StoreWatcher {
 public:
  /// By the thread that has stored, with no lock held.
  virtual void stored() noexcept = 0;

 protected:
  ~StoreWatcher() = default;
};

/// One computation that is under way. Its states, and what leads to them:
///
///     shared     who asks for the key waits for it             board() by the first who asks
///     apart      nobody waits for it                           begin_apart()
///     retired    past the hard limit: who waited has left, the retire(), or board() by the next who asks,
///                next who asks begins another one              from shared
///     storing    its thread writes the result to the cache     store_unless_outdated(), from shared,
///                                                              apart or retired
///     outdated   who waits for it still gets the result, which supersede(), outdate(), outdate_matching(),
///                is not stored; nobody else waits for it       outdate_older(), outdate_from_elsewhere(), from
///                                                              shared, apart or retired
///     landed     who waits has the result                      land()
///
/// A retired one may still be stored, like one apart, until a later one of its key is. One that is outdated has its
/// limits as before: it is retired, too, and told to stop.
/// What would outdate a computation while it is storing goes on after the store: what was stored before the
/// change is then removed by the change. A store that outdates its own computation is undone. What is told from
/// elsewhere waits for nothing. When it comes while a flight is storing, that store is undone, too, unless what is told
/// may be that very store.
class Flight {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Of whose changes news tell.
  enum class Told : std::uint8_t { of_others, of_all };

  explicit Flight(std::span<const std::string> carried, bool begun_apart = false)
      : tags(carried.begin(), carried.end()), apart(begun_apart) {}

  /// Runs `store` unless the flight was told that what it computes is out of date, and `undo` when it is told
  /// so by `store` itself. One thread at a time does this. No lock is held meanwhile. False when outdated.
  template <class Store, class Undo>
  bool store_unless_outdated(Store&& store, Undo&& undo) {
    const Storing storing(*this);
    if (!storing.allowed()) return false;
    store();
    const bool outdated = storing.outdated();
    if (outdated) undo();
    return !outdated;
  }
  /// The time in which the calling thread stores, for one that stores many at once.
  class Storing {
   public:
    explicit Storing(Flight& flight) : flight_(flight.begin_storing() ? &flight : nullptr) {}
    Storing(Storing&& other) noexcept : flight_(std::exchange(other.flight_, nullptr)) {}
    Storing& operator=(Storing&&) = delete;
    ~Storing() {
      if (flight_ != nullptr) flight_->end_storing();
    }
    /// False: what is computed is out of date.
    [[nodiscard]] bool allowed() const noexcept { return flight_ != nullptr; }
    /// True when the store itself has made it so, and is to be undone.
    [[nodiscard]] bool outdated() const { return flight_->outdated_by_store(); }

   private:
    Flight* flight_;
  };
  /// Returns when nothing is being stored any more, except by the calling thread.
  void make_outdated();
  /// The same without the wait. True when there is something to wait for: another thread is storing, or going on with
  /// those that have waited for that.
  bool begin_outdating();
  void await_store();
  /// Has a watcher told once nothing is being stored. False when that is so already, and will be.
  [[nodiscard]] bool watch_store(const std::shared_ptr<StoreWatcher>& watcher);
  /// Tells it no more, unless that is just being done.
  void unwatch_store(const StoreWatcher& watcher) noexcept;
  [[nodiscard]] bool is_outdated() const;
  /// From now on what is told from elsewhere outdates it.
  void heed_changes_elsewhere() noexcept { heeds_elsewhere_.store(true); }

  const std::vector<std::string> tags;
  const bool apart;  // from its beginning
  const TimePoint begun = std::chrono::steady_clock::now();
  /// Told to the factory: nobody waits for it any more.
  std::stop_source stop;

 private:
  friend class FlightTable;
  bool begin_storing();
  void end_storing() noexcept;
  /// False when it does not heed that, or is storing what may be told of.
  bool outdate_from_elsewhere(Told told) noexcept;
  [[nodiscard]] bool outdated_by_store();
  [[nodiscard]] bool others_are_busy() const noexcept;

  mutable std::mutex mutex_;
  basics::Condition stored_;
  std::thread::id storing_;  // who stores; nobody when it is no thread's
  bool outdated_ = false;
  bool outdated_by_store_ = false;
  std::thread::id telling_;  // who tells those that have waited for a store
  std::vector<std::shared_ptr<StoreWatcher>> store_watchers_;
  std::atomic<bool> heeds_elsewhere_{false};
  // Under the table's mutex.
  std::thread::id leader_ = std::this_thread::get_id();
  std::size_t waiting_ = 0;
  bool retired_ = false;
  basics::Condition landed_;
  std::optional<Lookup> result_;  // constant once it is there
  std::vector<std::shared_ptr<FlightWatcher>> watchers_;
};

/// The computations of one cache that are under way. For each key there is at most one that others wait for;
/// a forced refresh, and a caller whose wait has ended, compute beside it. Nothing is ever held while code of
/// the program runs, so factories may ask for other keys.
class FlightTable {
 public:
  using TimePoint = Flight::TimePoint;

  enum class Role : std::uint8_t {
    leader,
    passenger,
    circular,
    crowded,    // too many wait for it
    exhausted,  // too many retired ones still run
  };
  struct Limits {
    std::chrono::milliseconds hard{0};  // 0: none
    std::size_t most_retired = 0;
    std::size_t most_waiting = 0;
  };
  struct Boarding {
    Role role;
    std::shared_ptr<Flight> flight;  // null: neither leader nor passenger
    bool look_again = false;         // the leader may have missed the end of an earlier flight
  };

  /// Grows with every flight that ends. Whoever has read before and finds it unchanged has missed none.
  [[nodiscard]] std::uint64_t landings() const noexcept { return landings_.load(); }

  /// When a passenger begins to wait. One that joins later may land flights before, so it is in no circle yet.
  enum class Joins : std::uint8_t { now, later };

  /// A leader has to call `land`; a passenger `wait`, and before that `join` if it joins later.
  Boarding board(std::string_view key, std::uint64_t landings_before, std::span<const std::string> tags,
                 const Limits& limits, Joins joins = Joins::now);
  /// Whether the flight waits for the calling thread.
  [[nodiscard]] bool is_circular(const Flight& flight) const;
  /// A passenger, if it may wait; else circular or crowded.
  [[nodiscard]] Role join(Flight& flight, const Limits& limits);
  /// The thread that began the flight only waits for it; the one that calls `lead` leads it.
  void hand_over(Flight& flight);
  void lead(Flight& flight);
  /// Has a watcher told of the end; at once, within this call, if that was before. A passenger, or crowded.
  Role watch(Flight& flight, const std::shared_ptr<FlightWatcher>& watcher, std::size_t most_waiting);
  /// Tells it no more, unless that is just being done.
  void unwatch(Flight& flight, const FlightWatcher& watcher) noexcept;
  /// The result; nothing when `deadline` passed or the table was closed first.
  std::optional<Lookup> wait(Flight& flight, TimePoint deadline);
  /// A passenger does not wait.
  void leave(Flight& flight);
  /// True for the first who calls it, unless the flight has landed before.
  bool retire(std::string_view key, const std::shared_ptr<Flight>& flight);
  [[nodiscard]] std::size_t retired_now() const noexcept { return retired_now_.load(); }
  [[nodiscard]] bool is_retired(const Flight& flight) const;
  /// How many retired ones `board` has met that nobody else had retired.
  [[nodiscard]] std::uint64_t retired_by_boarding() const noexcept { return retired_by_boarding_.load(); }
  /// Does nothing for one that has landed.
  void land(std::string_view key, const std::shared_ptr<Flight>& flight, const Lookup& result) noexcept;

  /// A computation that nobody else waits for; `land` ends it, too. Null when too many retired ones still run.
  std::shared_ptr<Flight> begin_apart(std::string_view key, std::span<const std::string> tags,
                                      const Limits& limits);
  /// Those of the key that began before `flight` do not store any more. One that is outdated leaves them alone:
  /// it stores nothing.
  void outdate_older(std::string_view key, const Flight& flight);

  /// Whoever comes now does not board the flight of the key, and what it computes is not stored any more.
  void supersede(std::string_view key);
  using FlightList = std::vector<std::shared_ptr<Flight>>;
  /// The same for every flight of these keys. Gives those that other threads are storing, which the caller has to wait
  /// for.
  [[nodiscard]] FlightList outdate(std::string_view key);
  [[nodiscard]] FlightList outdate_matching(
      const std::function<bool(std::string_view key, const Flight&)>& matches);
  /// The same for changes that were made elsewhere, without waiting for what is being stored.
  void outdate_from_elsewhere(std::string_view key, Flight::Told told) noexcept;
  void outdate_tagged_from_elsewhere(std::string_view tag, Flight::Told told) noexcept;
  void outdate_all_from_elsewhere() noexcept;

  /// Whether a computation of the key runs, also one that nobody waits for.
  [[nodiscard]] bool is_under_way(std::string_view key) const;

  void close() noexcept;
  /// Tells all factories that nobody waits any more.
  void stop_all() noexcept;
  [[nodiscard]] bool closed() const noexcept { return closed_.load(); }

 private:
  [[nodiscard]] bool needs_this_thread(const Flight& flight) const;
  Role join_locked(Flight& flight, const Limits& limits);
  using Flights = std::map<std::string, std::shared_ptr<Flight>, std::less<>>;
  // Among those apart what changes its key finds it, and so does who stops all.
  void move_apart(Flights::iterator place);
  void retire(Flights::iterator place);
  [[nodiscard]] bool is_exhausted(const Limits& limits) const noexcept;
  [[nodiscard]] static FlightList outdate_all(FlightList flights);
  void take_from_apart(std::string_view key, const Flight& flight) noexcept;
  template <class Matches>
  void outdate_from_elsewhere_if(const Matches& matches, Flight::Told told) noexcept;

  mutable std::mutex mutex_;
  Flights flights_;
  std::multimap<std::string, std::shared_ptr<Flight>, std::less<>>
      apart_;  // also the retired and the outdated
  std::unordered_map<std::thread::id, Flight*> waiting_;
  std::atomic<std::uint64_t> landings_{0};
  std::atomic<std::size_t> under_way_{0};
  std::atomic<std::size_t> retired_now_{0};
  std::atomic<std::uint64_t> retired_by_boarding_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace cachesite::remembering
