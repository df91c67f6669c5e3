#pragma once

#include "basics/fork_mark.hpp"
#include "basics/processor_number.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>

namespace cachesite::basics {

// Lets readers use shared structures without a lock, and a writer find out when nobody uses what it has
// replaced. A reader counts itself in and out in a counter of its CPU. A writer publishes first and then sees
// every counter at zero once: a reader it did not see counted itself in later, and so reads what was
// published. All operations are sequentially consistent, which that argument needs. The two phases only keep
// a stream of new readers from holding a writer up.
class ReadEpochs {
 public:
  static constexpr std::uint32_t stripes = 64;

  [[nodiscard]] static std::uint32_t stripe_of_this_processor() noexcept {
    return processor_number() % stripes;
  }

  class Reader {
   public:
    Reader(const ReadEpochs& epochs, std::uint32_t stripe) noexcept
        : active_(epochs.current_.load()[stripe].active) {
      active_.fetch_add(1);
    }
    ~Reader() { active_.fetch_sub(1); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

   private:
    std::atomic<std::uint32_t>& active_;
  };

  // For one writer at a time. Afterwards no reader uses what was unpublished before the call. False in a
  // forked child, where readers of the parent seem to read for ever: what was unpublished has to stay.
  [[nodiscard]] bool wait_for_readers() noexcept {
    if (fork_mark_.forked()) return false;
    for (int round = 0; round < 2; ++round) {
      Counter* const old_phase = current_.load();
      current_.store(old_phase == counters_.get() ? old_phase + stripes : counters_.get());
      for (std::uint32_t stripe = 0; stripe < stripes; ++stripe)
        while (old_phase[stripe].active.load() != 0)
          std::this_thread::yield();
    }
    return true;
  }

 private:
  struct alignas(128) Counter {
    std::atomic<std::uint32_t> active{0};
  };

  std::unique_ptr<Counter[]> counters_ = std::make_unique<Counter[]>(std::size_t{2} * stripes);
  std::atomic<Counter*> current_{counters_.get()};
  ForkMark fork_mark_;
};

}  // namespace cachesite::basics
