#pragma once

#include <atomic>
#include <cstdint>

namespace cachesite::basics {

/// A mutex for what every call locks: while nobody else wants it, it costs one atomic instruction to lock and one to
/// unlock, without a call. Whoever has to wait sleeps. After U. Drepper, "Futexes Are Tricky", 2011.
///
///     free        lock() -> held
///     held        unlock() -> free; lock() -> contended, and it waits
///     contended   unlock() -> free, and one of those who may wait is woken: it locks -> contended
class LightMutex {
 public:
  LightMutex() noexcept = default;
  LightMutex(const LightMutex&) = delete;
  LightMutex& operator=(const LightMutex&) = delete;

  void lock() noexcept {
    std::uint32_t expected = free;
    if (!state_.compare_exchange_strong(expected, held, std::memory_order_acquire, std::memory_order_relaxed))
      lock_contended();
  }
  void unlock() noexcept {
    if (state_.exchange(free, std::memory_order_release) == contended) wake_one();
  }

 private:
  static constexpr std::uint32_t free = 0;
  static constexpr std::uint32_t held = 1;
  static constexpr std::uint32_t contended = 2;

  void lock_contended() noexcept;
  void wake_one() noexcept;

  std::atomic<std::uint32_t> state_{free};
};

}  // namespace cachesite::basics
