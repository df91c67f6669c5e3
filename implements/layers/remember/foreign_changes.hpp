#pragma once

#include "basics/per_process.hpp"
#include "layers/remember/change_counts.hpp"
#include "layers/remember/flight_table.hpp"

#include <cachesite/cache.hpp>
#include <cachesite/detail/i_foreign_changes.hpp>

#include <span>
#include <string>
#include <string_view>

namespace cachesite::remembering {

/// What a cache below hears of changes that others make: it outdates the computations that have begun before, and
/// counts them.
class ForeignChanges final : private detail::IForeignChangeListener {
 public:
  /// All outlive this. Throws std::bad_alloc.
  ForeignChanges(ICache& below, basics::PerProcess<FlightTable>& flights, ChangeCounts& counts);
  ~ForeignChanges();
  ForeignChanges(const ForeignChanges&) = delete;
  ForeignChanges& operator=(const ForeignChanges&) = delete;

  /// Whether any are heard of, so that `begin` may wait.
  [[nodiscard]] bool are_heard() const noexcept { return source_ != nullptr; }
  /// A factory is about to be called for these: from now on changes outdate them. Those made before do not, and
  /// are waited for, such as the end of the entry that a flight replaces.
  void begin(std::span<Flight* const> flights) noexcept;

 private:
  void changed_elsewhere(std::string_view key) noexcept override;
  void everything_changed_elsewhere() noexcept override;
  void tag_changed_elsewhere(std::string_view tag) noexcept;

  basics::PerProcess<FlightTable>& flights_;
  ChangeCounts& counts_;
  std::string prefix_;         // that the keys have below
  std::string marker_prefix_;  // that the markers of tags have there; empty without markers
  Flight::Told told_ = Flight::Told::of_others;
  detail::IForeignChanges* source_ = nullptr;
};

}  // namespace cachesite::remembering
