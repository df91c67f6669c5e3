#pragma once

#include "redis/wire/request_slot.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace cachesite::redis {

/// The slots of a channel. They are made when they are first needed, and used again. All calls but
/// `put_back_unlocked` need the lock of the channel. Whoever puts a slot back sees to those who wait for one.
template <class Threads>
class RequestSlotPool {
 public:
  using Mutex = typename Threads::Mutex;

  explicit RequestSlotPool(std::size_t most) : most_(most) {}

  /// Null when all slots are in use.
  RequestSlot* take() {
    if (free_ == nullptr) return take_other();
    return std::exchange(free_, free_->next);
  }
  /// Waits until there is one to take, or everybody is woken. False when the deadline passed first.
  bool wait(std::unique_lock<Mutex>& lock, TimePoint deadline) {
    begin_waiting();
    const auto status = any_free() ? std::cv_status::no_timeout : room_.wait_until(lock, deadline);
    end_waiting();
    return status == std::cv_status::no_timeout || any_free();
  }
  void wake_one() noexcept { room_.notify_one(); }
  void wake_all() noexcept { room_.notify_all(); }

  /// For those who wait in another way. After the begin there is to be one more look.
  void begin_waiting() noexcept { waiting_.fetch_add(1); }
  void end_waiting() noexcept { waiting_.fetch_sub(1); }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.load(std::memory_order_relaxed); }

  /// True when somebody waits for a slot.
  bool put_back(RequestSlot* slot) noexcept {
    slot->clear();
    slot->next = free_;
    free_ = slot;
    return waiting() != 0;
  }
  bool put_back_unlocked(RequestSlot* slot) noexcept {
    slot->clear();
    slot->next = returned_.load(std::memory_order_relaxed);
    while (!returned_.compare_exchange_weak(slot->next, slot)) {
    }
    // Either this sees who waits for a slot, or they see the slot.
    return waiting_.load() != 0;
  }

 private:
  bool any_free() noexcept {
    if (free_ == nullptr) free_ = returned_.exchange(nullptr);
    return free_ != nullptr;
  }
  RequestSlot* take_other() {
    if (any_free()) return std::exchange(free_, free_->next);
    if (slots_.size() >= most_) return nullptr;
    slots_.push_back(std::make_unique<RequestSlot>());
    slots_.back()->group = std::uint32_t{1} << (slots_.size() % 32);
    return slots_.back().get();
  }

  const std::size_t most_;
  typename Threads::Condition room_;
  std::vector<std::unique_ptr<RequestSlot>> slots_;
  RequestSlot* free_ = nullptr;                  // a stack
  std::atomic<RequestSlot*> returned_{nullptr};  // a stack of more, added to without the lock
  std::atomic<std::size_t> waiting_{0};
};

}  // namespace cachesite::redis
