#pragma once

#include <limits>

namespace cachesite::test {

/// Makes thread starts fail while it lives, as when the process may not have another thread: those numbered
/// `first` to `first + count - 1`, counted from 0 over the whole process since it was made. One at a time.
/// Threads of the support itself (`start_support_thread`) are neither counted nor failed.
///
/// Programs that use it link cachesite_test_shortage, which replaces `operator new` and `pthread_create`.
class FailingThreads {
 public:
  static constexpr long all = std::numeric_limits<long>::max();

  explicit FailingThreads(long first = 0, long count = all);
  ~FailingThreads();
  FailingThreads(const FailingThreads&) = delete;
  FailingThreads& operator=(const FailingThreads&) = delete;

  /// Thread starts so far, failed ones included.
  [[nodiscard]] long seen() const noexcept;
  /// Those that failed.
  [[nodiscard]] long failed() const noexcept;
  /// From now on they succeed again.
  void end() noexcept;
};

}  // namespace cachesite::test
