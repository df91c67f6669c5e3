#pragma once

#include <atomic>
#include <cstdint>

namespace cachesite {

/// Stands before something that only the present holder of a mutex may change, and turns away holders that
/// have lost it without knowing. It belongs where the change is made: in the process that owns the data. A
/// database does the same with a column that holds the greatest token seen. Safe from any thread.
class MutexFence {
 public:
  /// True for a token that is not smaller than any token admitted before.
  [[nodiscard]] bool admit(std::uint64_t fencing_token) noexcept {
    std::uint64_t greatest = greatest_.load();
    while (fencing_token > greatest)
      if (greatest_.compare_exchange_weak(greatest, fencing_token)) return true;
    return fencing_token == greatest;
  }
  /// The greatest token admitted so far.
  [[nodiscard]] std::uint64_t greatest() const noexcept { return greatest_.load(); }

 private:
  std::atomic<std::uint64_t> greatest_{0};
};

}  // namespace cachesite
