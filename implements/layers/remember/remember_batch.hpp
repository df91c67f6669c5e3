#pragma once

#include "layers/remember/remember_call.hpp"

#include <cachesite/mutex.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace cachesite {

/// One call of `remember_many`. What it does, in this order:
///
///     reading     one batch of reads
///     boarding    each missing key has its answer (a remembered failure, a stale value), is led by this call,
///                 or is followed; nothing waits
///     leading     locks without a wait, one call of the factory, one batch of writes; all that it leads lands
///     late        waits for locks that other processes hold, and reads again
///     following   waits for the keys that others lead
///     further     one more call of the factory, in `late` or for what was followed for too long, but not both
///
/// So whoever waits holds nothing that another batch may wait for, except in `late`, where locks are taken in
/// the order of their names.
class RememberCache::RememberBatch {
 public:
  using Keys = std::span<const std::string_view>;

  RememberBatch(RememberCache& cache, Keys keys, std::span<const TimeToLive> times_to_live,
                const ManyComputation& computation, std::span<Lookup> results);
  ~RememberBatch();
  RememberBatch(const RememberBatch&) = delete;
  RememberBatch& operator=(const RememberBatch&) = delete;
  void run();

 private:
  using Flight = remembering::Flight;
  using FlightTable = remembering::FlightTable;
  using Details = StoredEntries::Details;
  class Item;
  class Writes;
  using Group = std::vector<Item*>;
  using Outcomes = std::vector<RememberCall::Outcome>;

  void collapse_duplicates(Keys keys, std::span<const TimeToLive> times_to_live);
  void hand_out();
  void read();
  [[nodiscard]] std::vector<std::uint64_t> changes_of(Keys keys) const;
  void refresh_ahead(std::size_t place);
  void board(std::uint64_t landings_before);
  void lead();
  [[nodiscard]] Group locked(const Group& group);
  void lead_late();
  bool lock_late(Item& item);
  void follow();
  void compute_apart(const Group& group);
  /// Those that still have no value once the cache has been read again.
  [[nodiscard]] Group still_missing(const Group& group);
  void compute(const Group& group);
  [[nodiscard]] std::vector<Result<Computed>> call_factory(const Group& group);
  [[nodiscard]] std::vector<std::size_t> superseded(const Group& group, const Outcomes& outcomes);
  void store(const Group& group, const Outcomes& outcomes);
  [[nodiscard]] bool is_lenient() const noexcept {
    return inner_.options.on_lock_failure == OnLockFailure::compute;
  }

  RememberCache& cache_;
  Inner& inner_;
  FlightTable& flights_;
  const ManyComputation& many_;
  Computation each_;  // what holds for each key
  // Of the call.
  std::span<Lookup> results_;
  std::vector<std::size_t> places_;  // of its keys among the different ones; empty when all are different
  // Of the different keys.
  std::vector<std::string_view> own_keys_;
  std::vector<TimeToLive> own_times_to_live_;
  std::vector<Lookup> own_answers_;
  Keys keys_;
  std::span<const TimeToLive> times_to_live_;
  std::span<Lookup> answers_;

  std::list<Item> items_;  // the missing ones
  Group late_;
  bool called_again_ = false;
};

}  // namespace cachesite
