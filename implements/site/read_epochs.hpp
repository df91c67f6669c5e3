#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include <sched.h>
#include <unistd.h>

namespace cachesite::site {

// Lets readers use shared structures without a lock, and a writer find out when nobody uses what it has
// replaced. A reader counts itself in and out in a counter of its CPU. A writer publishes first and then sees
// every counter at zero once: a reader it did not see counted itself in later, and so reads what was
// published. All operations are sequentially consistent, which that argument needs. The two phases only keep
// a stream of new readers from holding a writer up.
class ReadEpochs {
 public:
  ReadEpochs() : mask_(stripe_count() - 1), stripes_(std::make_unique<Stripe[]>(mask_ + 1)) {}

  [[nodiscard]] std::uint32_t stripes() const noexcept { return mask_ + 1; }

  // sched_getcpu fails with -1, which the mask turns into a stripe like any other.
  [[nodiscard]] std::uint32_t stripe_of_this_cpu() const noexcept {
    return static_cast<std::uint32_t>(sched_getcpu()) & mask_;
  }

  class Reader {
   public:
    Reader(const ReadEpochs& epochs, std::uint32_t stripe) noexcept
        : active_(epochs.stripes_[stripe].active[epochs.phase_.load() & 1U]) {
      active_.fetch_add(1);
    }
    ~Reader() { active_.fetch_sub(1); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

   private:
    std::atomic<std::uint32_t>& active_;
  };

  // For one writer at a time. Afterwards no reader uses what was unpublished before the call.
  void wait_for_readers() noexcept {
    for (int round = 0; round < 2; ++round) {
      const std::uint32_t old_phase = phase_.load();
      phase_.store(old_phase ^ 1U);
      for (std::uint32_t stripe = 0; stripe <= mask_; ++stripe)
        while (stripes_[stripe].active[old_phase].load() != 0)
          std::this_thread::yield();
    }
  }

 private:
  struct alignas(128) Stripe {
    std::atomic<std::uint32_t> active[2]{};
  };

  static std::uint32_t stripe_count() noexcept {
    const long processors = sysconf(_SC_NPROCESSORS_CONF);
    std::uint32_t count = 1;
    while (count < 64 && static_cast<long>(count) < processors)
      count *= 2;
    return count;
  }

  std::uint32_t mask_;
  std::unique_ptr<Stripe[]> stripes_;
  alignas(128) std::atomic<std::uint32_t> phase_{0};
};

}  // namespace cachesite::site
