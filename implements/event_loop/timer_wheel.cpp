#include "event_loop/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace cachesite::event_loop {

namespace {

constexpr std::uint64_t bit_of(std::size_t slot) noexcept {
  return std::uint64_t{1} << (slot % 64);
}

}  // namespace

void TimerWheel::insert(Timer& timer, TimePoint when) noexcept {
  const auto length = when - origin_;
  // Rounded up: never before its time.
  const std::int64_t tick = length / tick_length + (length % tick_length > length.zero() ? 1 : 0);
  timer.tick_ = std::max(tick, now_ + 1);
  timer.state_ = Timer::State::armed;
  const auto slot = slot_of(timer.tick_);
  slots_[slot].push_back(timer);
  used_[slot / 64] |= bit_of(slot);
  ++armed_;
}

void TimerWheel::remove(Timer& timer) noexcept {
  const auto slot = slot_of(timer.tick_);
  slots_[slot].erase(timer);
  if (slots_[slot].empty()) used_[slot / 64] &= ~bit_of(slot);
  timer.state_ = Timer::State::idle;
  --armed_;
}

void TimerWheel::advance(TimePoint now, LinkedList<Timer>& due) noexcept {
  const std::int64_t tick = (now - origin_) / tick_length;
  while (armed_ != 0 && now_ < tick) {
    const auto distance = distance_after(now_);
    if (distance > tick - now_) break;
    now_ += distance;
    empty_slot(slot_of(now_), tick, due);
  }
  now_ = std::max(now_, tick);
}

void TimerWheel::empty_slot(std::size_t slot, std::int64_t now, LinkedList<Timer>& due) noexcept {
  (void)slots_[slot].find([&](Timer& timer) {
    if (timer.tick_ > now) return false;
    remove(timer);
    timer.state_ = Timer::State::due;
    due.push_back(timer);
    return false;
  });
}

TimePoint TimerWheel::next() const noexcept {
  return armed_ == 0 ? TimePoint::max() : origin_ + (now_ + distance_after(now_)) * tick_length;
}

std::int64_t TimerWheel::distance_after(std::int64_t tick) const noexcept {
  const auto first = slot_of(tick + 1);
  for (std::size_t word = 0; word <= used_.size(); ++word) {
    const auto index = (first / 64 + word) % used_.size();
    std::uint64_t bits = used_[index];
    if (word == 0) bits &= ~std::uint64_t{0} << (first % 64);
    if (bits == 0) continue;
    const auto slot = index * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    return static_cast<std::int64_t>((slot + slot_count - first) % slot_count) + 1;
  }
  return static_cast<std::int64_t>(slot_count);
}

}  // namespace cachesite::event_loop
