#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cachesite::memory {

// Counts of what happens without a lock, spread over cache lines by thread, so that threads seldom meet.
class ReadCounters {
 public:
  struct alignas(64) Stripe {
    std::atomic<std::uint64_t> hits{0};
    std::atomic<std::uint64_t> misses{0};
  };

  Stripe& mine() noexcept {
    // The address of a thread's own variable tells threads apart at the cost of an addition.
    static thread_local const char anchor = 0;
    const auto address = reinterpret_cast<std::uintptr_t>(&anchor);
    return stripes_[(address * 0x9E3779B97F4A7C15U) >> (64 - stripe_bits)];
  }
  std::uint64_t hits() const noexcept {
    std::uint64_t sum = 0;
    for (const Stripe& stripe : stripes_)
      sum += stripe.hits.load(std::memory_order_relaxed);
    return sum;
  }
  std::uint64_t misses() const noexcept {
    std::uint64_t sum = 0;
    for (const Stripe& stripe : stripes_)
      sum += stripe.misses.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  static constexpr unsigned stripe_bits = 4;
  std::array<Stripe, std::size_t{1} << stripe_bits> stripes_;
};

}  // namespace cachesite::memory
