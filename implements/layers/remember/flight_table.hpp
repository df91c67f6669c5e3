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
#include <vector>

namespace cachesite::remembering {

/// One computation that is under way. Its states, and what leads to them:
///
///     shared     who asks for the key waits for it             board() by the first who asks
///     apart      nobody waits for it                           begin_apart()
///     retired    past the hard limit: who waited has left, the retire(), or board() by the next who asks,
///                next who asks begins another one              from shared
///     storing    its thread writes the result to the cache     store_unless_outdated(), from shared,
///                                                              apart or retired
///     outdated   who waits for it still gets the result, which supersede(), outdate(), outdate_matching(),
///                is not stored; nobody else waits for it       outdate_older(), from shared, apart or retired
///     landed     who waits has the result                      land(); end_apart() for one that was apart
///
/// A retired one may still be stored, like one apart, until a later one of its key is.
/// What would outdate a computation while it is storing returns after the store: what was stored before the
/// change is then removed by the change. A store that outdates its own computation is undone.
class Flight {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit Flight(std::span<const std::string> carried) : tags(carried.begin(), carried.end()) {}

  /// Runs `store` unless the flight was told that what it computes is out of date, and `undo` when it is told
  /// so by `store` itself. One thread at a time does this. No lock is held meanwhile. False when outdated.
  template <class Store, class Undo>
  bool store_unless_outdated(Store&& store, Undo&& undo) {
    if (!begin_storing()) return false;
    struct Storing {
      Flight& flight;
      ~Storing() { flight.end_storing(); }
    } storing{*this};
    store();
    const bool outdated = outdated_by_store();
    if (outdated) undo();
    return !outdated;
  }
  /// Returns when nothing is being stored any more, except by the calling thread.
  void make_outdated();

  const std::vector<std::string> tags;
  const TimePoint begun = std::chrono::steady_clock::now();
  /// Told to the factory: nobody waits for it any more.
  std::stop_source stop;

 private:
  friend class FlightTable;
  bool begin_storing();
  void end_storing() noexcept;
  [[nodiscard]] bool outdated_by_store();

  std::mutex mutex_;
  basics::Condition stored_;
  std::thread::id storing_;  // who stores; nobody when it is no thread's
  bool outdated_ = false;
  bool outdated_by_store_ = false;
  // Under the table's mutex.
  std::thread::id leader_ = std::this_thread::get_id();
  std::size_t waiting_ = 0;
  bool retired_ = false;
  basics::Condition landed_;
  std::optional<Lookup> result_;  // constant once it is there
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

  /// A passenger has to call `wait`, a leader `land`.
  Boarding board(std::string_view key, std::uint64_t landings_before, std::span<const std::string> tags,
                 const Limits& limits);
  /// The thread that began the flight only waits for it; the one that calls `lead` leads it.
  void hand_over(Flight& flight);
  void lead(Flight& flight);
  /// The result; nothing when `deadline` passed or the table was closed first.
  std::optional<Lookup> wait(Flight& flight, TimePoint deadline);
  /// A passenger does not wait.
  void leave(Flight& flight);
  /// True for the first who calls it, unless the flight has landed or lost its place before.
  bool retire(std::string_view key, const std::shared_ptr<Flight>& flight);
  [[nodiscard]] std::size_t retired_now() const noexcept { return retired_now_.load(); }
  [[nodiscard]] bool is_retired(const Flight& flight) const;
  /// How many retired ones `board` has met that nobody else had retired.
  [[nodiscard]] std::uint64_t retired_by_boarding() const noexcept { return retired_by_boarding_.load(); }
  /// Does nothing for one that has landed.
  void land(std::string_view key, const std::shared_ptr<Flight>& flight, const Lookup& result) noexcept;

  /// A computation that nobody waits for; `end_apart` ends it.
  std::shared_ptr<Flight> begin_apart(std::string_view key, std::span<const std::string> tags);
  void end_apart(const std::shared_ptr<Flight>& flight) noexcept;
  /// Those of the key that began apart before `flight` do not store any more. One that was superseded leaves
  /// them alone: it stores nothing, and they may have begun after it.
  void outdate_older(std::string_view key, const Flight& flight);

  /// Whoever comes now does not board the flight of the key, and what it computes is not stored any more.
  void supersede(std::string_view key);
  /// The same for every flight of these keys.
  void outdate(std::string_view key);
  void outdate_matching(const std::function<bool(std::string_view key, const Flight&)>& matches);

  void close() noexcept;
  /// Tells all factories that nobody waits any more.
  void stop_all() noexcept;
  [[nodiscard]] bool closed() const noexcept { return closed_.load(); }

 private:
  [[nodiscard]] bool needs_this_thread(const Flight& flight) const;
  using Flights = std::map<std::string, std::shared_ptr<Flight>, std::less<>>;
  void retire(Flights::iterator place);

  mutable std::mutex mutex_;
  Flights flights_;
  std::multimap<std::string, std::shared_ptr<Flight>, std::less<>> apart_;  // those of a key by age
  std::unordered_map<std::thread::id, Flight*> waiting_;
  std::atomic<std::uint64_t> landings_{0};
  std::atomic<std::size_t> under_way_{0};
  std::atomic<std::size_t> retired_now_{0};
  std::atomic<std::uint64_t> retired_by_boarding_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace cachesite::remembering
