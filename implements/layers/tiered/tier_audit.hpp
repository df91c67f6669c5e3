#pragma once

#include "basics/crew.hpp"
#include "basics/per_process.hpp"
#include "layers/tiered/near_tier.hpp"

#include <cachesite/cache.hpp>
#include <cachesite/i_tiered_cache.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::tiered {

/// Compares copies with the far tier, and drops those that differ. A copy differs when it is still served after all
/// news of what the far tier was then known to have.
class TierAudit {
 public:
  struct Settings {
    std::function<Status(std::chrono::milliseconds)> fence;  // empty: nobody can tell when all have come
    std::function<bool()> stopped;
    double sample;
  };

  TierAudit(NearTier& near, ICache& far, Settings settings)
      : near_(near), far_(far), settings_(std::move(settings)), interval_(interval_of(settings_.sample)) {}

  /// 0 keys a second: as fast as it goes.
  AuditReport run(std::uint64_t most, std::uint64_t keys_per_second);
  /// One hit of many is looked at in the background.
  void sample(std::string_view key) noexcept {
    if (interval_ != 0 && hits_.fetch_add(1, relaxed) % interval_ == 0) look_at(key);
  }
  [[nodiscard]] bool samples() const noexcept { return interval_ != 0; }
  void close() noexcept;
  void fill(TierStatistics& statistics) const noexcept;

 private:
  struct Copy {
    std::string_view key;
    Found found;
    Value value;
  };
  class Pace;

  static std::uint64_t interval_of(double sample) noexcept;
  void look_at(std::string_view key) noexcept;
  void compare(std::span<const std::string> keys, AuditReport& report);
  void compare(const Copy& copy, const Lookup& answer, AuditReport& report);
  [[nodiscard]] Result<bool> differs_still(const Copy& copy);
  void note_difference(const Copy& copy, const Lookup& answer, AuditReport& report);

  NearTier& near_;
  ICache& far_;
  const Settings settings_;
  const std::uint64_t interval_;  // 0: none
  std::atomic<std::uint64_t> hits_{0}, compared_{0}, different_{0};
  basics::PerProcess<basics::Crew> crew_;  // the last: its work uses the others
};

}  // namespace cachesite::tiered
