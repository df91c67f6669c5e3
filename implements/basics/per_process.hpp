#pragma once

#include "basics/process_number.hpp"

#include <atomic>
#include <cstdint>
#include <new>
#include <thread>

namespace cachesite::basics {

/// A thing that a forked child has anew. What it inherits is neither used nor destroyed: a thread of its
/// parent may hold it, or be just changing it.
template <class T>
class PerProcess {
 public:
  PerProcess() : thing_() {}
  PerProcess(const PerProcess&) = delete;
  PerProcess& operator=(const PerProcess&) = delete;
  ~PerProcess() {
    if (find() != nullptr) thing_.~T();
  }

  /// Throws, in a child only, what making a T throws.
  [[nodiscard]] T& get() {
    if (find() == nullptr) make_anew();
    return thing_;
  }
  T* operator->() { return &get(); }
  /// Null while this process has none yet.
  [[nodiscard]] T* find() noexcept {
    return owner_.load(std::memory_order_acquire) == process_number() ? &thing_ : nullptr;
  }

 private:
  static constexpr std::uint64_t being_made = std::uint64_t{1} << 32U;

  [[gnu::cold, gnu::noinline]] void make_anew() {
    const std::uint64_t mine = process_number();
    for (auto owner = owner_.load(); owner != mine; owner = owner_.load()) {
      if (owner == (mine | being_made) || !owner_.compare_exchange_strong(owner, mine | being_made)) {
        std::this_thread::yield();
        continue;
      }
      try {
        new (&thing_) T();
      } catch (...) {
        owner_.store(0);
        throw;
      }
      owner_.store(mine, std::memory_order_release);
    }
  }

  std::atomic<std::uint64_t> owner_{process_number()};
  union {
    T thing_;
  };
};

}  // namespace cachesite::basics
