#include "site/making_turns.hpp"

#include <mutex>
#include <new>
#include <utility>

namespace cachesite::site {

MakingTurns::Turn MakingTurns::enter(std::size_t item) {
  const auto self = std::this_thread::get_id();
  std::unique_lock lock(mutex_);
  forget_what_the_parent_makes();
  if (made_[item]) return Turn::made;
  const auto making = makings_[item];
  if (!making) {
    makings_[item] = std::make_shared<Making>(Making{self});
    return Turn::make;
  }
  if (waits_for_this_thread(*making)) return Turn::circle;
  waits_.emplace(self, making.get());
  changed_->wait(lock, [&] { return making->over; });
  waits_.erase(self);
  making->failure.throw_if_any();
  return Turn::made;
}

void MakingTurns::Failure::throw_if_any() const {
  if (error) throw LoadError(error->problems(), error->what());
  if (other) std::rethrow_exception(other);
}

MakingTurns::Failure MakingTurns::failure_of(const std::exception_ptr& thrown) noexcept {
  if (!thrown) return {};
  try {
    std::rethrow_exception(thrown);
  } catch (const LoadError& error) {
    try {
      return {std::make_shared<const LoadError>(error.problems(), error.what()), nullptr};
    } catch (const std::bad_alloc&) {
    }
  } catch (...) {
  }
  return {nullptr, thrown};
}

void MakingTurns::forget_what_the_parent_makes() {
  if (process_ == basics::process_number()) return;
  process_ = basics::process_number();
  for (auto& making : makings_)
    making.reset();
  waits_.clear();
}

void MakingTurns::leave(std::size_t item, const std::exception_ptr& failure) noexcept {
  auto told = failure_of(failure);
  const std::lock_guard lock(mutex_);
  made_[item] = failure == nullptr;
  const auto making = std::exchange(makings_[item], nullptr);
  if (!making) return;  // made by a thread of which this is a fork
  making->over = true;
  making->failure = std::move(told);
  changed_->notify_all();
}

void MakingTurns::take_over(std::size_t item) {
  const std::lock_guard lock(mutex_);
  const auto& making = makings_[item];
  if (!making) return;  // given up before the thread came to it
  making->giver = std::exchange(making->thread, std::this_thread::get_id());
  waits_.emplace(making->giver, making.get());
}

void MakingTurns::give_back(std::size_t item) {
  const std::lock_guard lock(mutex_);
  const auto& making = makings_[item];
  if (!making || making->giver == std::thread::id()) return;
  making->thread = std::exchange(making->giver, std::thread::id());
  waits_.erase(making->thread);
}

// Follows the waiting threads; there is no circle among them, since none of them would have closed one.
bool MakingTurns::waits_for_this_thread(const Making& making) const {
  for (const Making* next = &making;;) {
    if (next->thread == std::this_thread::get_id()) return true;
    const auto wait = waits_.find(next->thread);
    if (wait == waits_.end()) return false;
    next = wait->second;
  }
}

}  // namespace cachesite::site
