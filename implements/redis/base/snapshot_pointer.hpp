#pragma once

#include "basics/read_epochs.hpp"

#include <atomic>
#include <memory>
#include <utility>

namespace cachesite::redis {

/// Something that does not change, read by many without a lock and replaced as a whole by one at a time.
template <class T>
class SnapshotPointer {
 public:
  SnapshotPointer() : holder_(new Holder) {}
  ~SnapshotPointer() { delete holder_.load(); }
  SnapshotPointer(const SnapshotPointer&) = delete;
  SnapshotPointer& operator=(const SnapshotPointer&) = delete;

  /// Null before the first `put`.
  [[nodiscard]] std::shared_ptr<const T> get() const {
    const basics::ReadEpochs::Reader reader(epochs_, epochs_.stripe_of_this_processor());
    return *holder_.load();
  }
  void put(std::shared_ptr<const T> thing) {
    const Holder* const old = holder_.exchange(new Holder(std::move(thing)));
    if (epochs_.wait_for_readers()) delete old;
  }

 private:
  using Holder = std::shared_ptr<const T>;

  mutable basics::ReadEpochs epochs_;
  std::atomic<const Holder*> holder_;
};

}  // namespace cachesite::redis
