#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>

namespace cachesite::telemetry {

/// A queue of numbers for any threads, without a lock (D. Vyukov's bounded queue: the turn of each cell says
/// whether it may be written or read). The user sees to it that there are never more numbers than `most`, so
/// that a push finds its cell at once, or as soon as a thread has left it that is just taking from it.
class IndexRing {
 public:
  explicit IndexRing(std::size_t most)
      : mask_(std::bit_ceil(std::max<std::size_t>(most, 2)) - 1),
        cells_(std::make_unique<Cell[]>(mask_ + 1)) {
    for (std::size_t index = 0; index <= mask_; ++index)
      cells_[index].turn.store(index, std::memory_order_relaxed);
  }

  void push(std::uint32_t number) noexcept {
    const auto at = end_.fetch_add(1, std::memory_order_relaxed);
    Cell& cell = cells_[at & mask_];
    while (cell.turn.load(std::memory_order_acquire) != at)
      std::this_thread::yield();
    cell.number = number;
    cell.turn.store(at + 1, std::memory_order_release);
  }

  /// Nothing when it is empty, or when the next number is just being pushed.
  std::optional<std::uint32_t> pop() noexcept {
    auto at = begin_.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[at & mask_];
      const auto turn = cell.turn.load(std::memory_order_acquire);
      if (turn == at + 1) {
        if (!begin_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) continue;
        const auto number = cell.number;
        cell.turn.store(at + mask_ + 1, std::memory_order_release);
        return number;
      }
      if (turn < at + 1) return std::nullopt;
      at = begin_.load(std::memory_order_relaxed);
    }
  }

 private:
  struct Cell {
    std::atomic<std::size_t> turn;
    std::uint32_t number;
  };

  const std::size_t mask_;
  const std::unique_ptr<Cell[]> cells_;
  alignas(64) std::atomic<std::size_t> begin_{0};
  alignas(64) std::atomic<std::size_t> end_{0};
};

}  // namespace cachesite::telemetry
