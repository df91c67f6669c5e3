#pragma once

#include "basics/zeroed_by_fork.hpp"

#include <cachesite/backplane.hpp>

#include <atomic>
#include <cstdint>

namespace cachesite::tiered {

/// What a backplane vouches for: all copies alike, whatever server they are of. Its epochs are none of a server's,
/// which are small numbers. A forked child is served nothing.
class BackplaneGuard {
 public:
  BackplaneGuard() : served_(1) {}

  [[nodiscard]] const std::atomic<std::uint32_t>& served() const noexcept { return served_[0]; }
  [[nodiscard]] const std::atomic<std::int64_t>& valid_until() const noexcept { return valid_until_; }
  [[nodiscard]] std::uint64_t generation() const noexcept {
    return generation_.load(std::memory_order_acquire);
  }
  /// Whether changes of some process may be missed.
  [[nodiscard]] bool is_doubtful() const noexcept { return doubtful_.load(std::memory_order_acquire); }

  /// What the backplane tells, one call at a time.
  void take(const BackplaneState& state) noexcept {
    doubtful_.store(state.doubtful, std::memory_order_release);
    if (state.epoch == told_) return;
    told_ = state.epoch;
    if (told_ == 0) served_[0].store(0, std::memory_order_release);
    generation_.fetch_add(1, std::memory_order_acq_rel);
    if (told_ != 0) served_[0].store(next(), std::memory_order_release);
  }
  void prove(std::int64_t until) noexcept { valid_until_.store(until, std::memory_order_release); }

  /// Another epoch, if there is one: for copies that become those of this guard.
  void renew() noexcept {
    auto present = served_[0].load(std::memory_order_acquire);
    generation_.fetch_add(1, std::memory_order_acq_rel);
    while (present != 0 && !served_[0].compare_exchange_weak(present, next(), std::memory_order_acq_rel)) {
    }
  }

 private:
  static constexpr std::uint32_t mark = std::uint32_t{1} << 31U;

  [[nodiscard]] std::uint32_t next() noexcept {
    return mark | epochs_.fetch_add(1, std::memory_order_relaxed);
  }

  basics::ZeroedByFork<std::atomic<std::uint32_t>> served_;
  std::atomic<std::int64_t> valid_until_{0};
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<bool> doubtful_{false};
  std::atomic<std::uint32_t> epochs_{1};
  std::uint32_t told_ = 0;
};

}  // namespace cachesite::tiered
