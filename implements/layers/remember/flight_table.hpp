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
///     storing    its thread writes the result to the cache     store_unless_outdated(), from shared or apart
///     outdated   who waits for it still gets the result, which supersede(), outdate(), outdate_matching(),
///                is not stored; nobody else waits for it       outdate_older(), from shared or apart
///     landed     who waits has the result                      land(); end_apart() for one that was apart
///
/// What would outdate a computation while it is storing returns after the store: what was stored before the
/// change is then removed by the change. A store that outdates its own computation is undone.
class Flight {
 public:
  Flight(std::thread::id leading, std::span<const std::string> carried)
      : leader(leading), tags(carried.begin(), carried.end()) {}

  /// Runs `store` unless the flight was told that what it computes is out of date, and `undo` when it is told
  /// so by `store` itself. One thread at a time does this. No lock is held meanwhile.
  template <class Store, class Undo>
  void store_unless_outdated(Store&& store, Undo&& undo) {
    if (!begin_storing()) return;
    struct Storing {
      Flight& flight;
      ~Storing() { flight.end_storing(); }
    } storing{*this};
    store();
    if (outdated_by_store()) undo();
  }
  /// Returns when nothing is being stored any more, except by the calling thread.
  void make_outdated();

  const std::thread::id leader;
  const std::vector<std::string> tags;

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
  basics::Condition landed_;      // with the table's mutex
  std::optional<Lookup> result_;  // constant once it is there
};

/// The computations of one cache that are under way. For each key there is at most one that others wait for;
/// a forced refresh, and a caller whose wait has ended, compute beside it. Nothing is ever held while code of
/// the program runs, so factories may ask for other keys.
class FlightTable {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  enum class Role : std::uint8_t { leader, passenger, circular };
  struct Boarding {
    Role role;
    std::shared_ptr<Flight> flight;  // null: circular
    bool look_again = false;         // the leader may have missed the end of an earlier flight
  };

  /// Grows with every flight that ends. Whoever has read before and finds it unchanged has missed none.
  [[nodiscard]] std::uint64_t landings() const noexcept { return landings_.load(); }

  /// A passenger has to call `wait`, a leader `land`.
  Boarding board(std::string_view key, std::uint64_t landings_before, std::span<const std::string> tags);
  /// The result; nothing when `deadline` passed or the table was closed first.
  std::optional<Lookup> wait(Flight& flight, TimePoint deadline);
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
  [[nodiscard]] bool closed() const noexcept { return closed_.load(); }

 private:
  [[nodiscard]] bool needs_this_thread(const Flight& flight) const;

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Flight>, std::less<>> flights_;
  std::multimap<std::string, std::shared_ptr<Flight>, std::less<>> apart_;  // those of a key by age
  std::unordered_map<std::thread::id, Flight*> waiting_;
  std::atomic<std::uint64_t> landings_{0};
  std::atomic<std::size_t> under_way_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace cachesite::remembering
