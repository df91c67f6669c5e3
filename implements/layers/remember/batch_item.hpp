#pragma once

#include "layers/remember/remember_batch.hpp"

#include <cachesite/mutex.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace cachesite {

/// A key that is missing, and what this call has of its computation. Its flight ends with it at the latest.
class RememberCache::RememberBatch::Item {
 public:
  Item(RememberBatch& batch, std::size_t place)
      : key(batch.keys_[place]),
        call(batch.cache_, key, batch.times_to_live_[place], batch.each_),
        batch_(batch),
        answer_(batch.answers_[place]) {
    call.begin_missing();
  }
  Item(const Item&) = delete;
  Item& operator=(const Item&) = delete;
  // Not in a child that the computation has forked: who waits does so in the parent.
  ~Item() {
    if (batch_.inner_.table.find() == &batch_.flights_) land(Lookup(Error(ErrorCode::no_memory)));
  }

  void answer(Lookup answer) {
    answer_ = std::move(answer);
    answered_ = true;
  }
  [[nodiscard]] bool answered() const noexcept { return answered_; }

  void lead(std::shared_ptr<Flight> led) {
    flight = std::move(led);
    leads_ = true;
  }
  void follow(std::shared_ptr<Flight> followed) { flight = std::move(followed); }
  [[nodiscard]] bool leads() const noexcept { return leads_; }
  /// Gives the result to those that wait for it. The lock is released afterwards.
  void land(const Lookup& result) noexcept {
    if (std::exchange(leads_, false)) batch_.flights_.land(key, flight, result);
    lease.reset();
  }

  const std::string_view key;
  RememberCall call;
  std::shared_ptr<Flight> flight;
  std::shared_ptr<IMutexLease> lease;
  bool looks_again = false;

 private:
  RememberBatch& batch_;
  Lookup& answer_;
  bool leads_ = false;
  bool answered_ = false;
};

}  // namespace cachesite
