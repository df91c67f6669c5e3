#pragma once

#include <limits>

namespace cachesite::test {

/// Makes allocations from the heap (`operator new`) fail while it lives: those numbered `first` to `first +
/// count - 1`, counted from 0 on the chosen threads since it was made. One at a time. Allocations of the
/// support's own threads and within a `Spared` are neither counted nor failed.
///
///     for (long failing = 0;; ++failing) {
///       const FailingAllocations failures(FailingAllocations::On::this_thread, failing);
///       act();   // may fail, has to leave everything whole
///       if (!failures.reached()) break;
///     }
///
/// Programs that use it link cachesite_test_shortage, which replaces `operator new` and `pthread_create`.
class FailingAllocations {
 public:
  static constexpr long all = std::numeric_limits<long>::max();

  enum class On {
    this_thread,   ///< the thread that makes this object
    other_threads  ///< every thread but that one
  };

  FailingAllocations(On threads, long first, long count = 1);
  ~FailingAllocations();
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;

  /// Allocations so far, failed ones included.
  [[nodiscard]] long seen() const noexcept;
  /// True once an allocation has failed.
  [[nodiscard]] bool reached() const noexcept;
  /// From now on they succeed again.
  void end() noexcept;

  /// Counts an allocation that does not go through `operator new`. True when it has to fail.
  static bool this_one_fails() noexcept;
};

}  // namespace cachesite::test
