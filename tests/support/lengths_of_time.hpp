#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>
#include <string_view>

namespace cachesite::test {

/// What a caller may mean by a duration.
enum class LengthKind {
  longest,  ///< more than ten years
  long_,    ///< the most that a unit holds, but at most ten years
  tiny,     ///< less than a millisecond, but more than nothing
  none,     ///< 0
  below,    ///< less than 0, or not a number
};

/// Calls `visit(name, duration, kind)` for durations of every unit and kind of number, at their bounds.
template <class Visit>
void for_each_length(Visit&& visit) {
  using namespace std::chrono;
  using Real = duration<double>;
  using Pico = duration<std::int64_t, std::pico>;
  constexpr auto infinity = std::numeric_limits<double>::infinity();
  constexpr auto not_a_number = std::numeric_limits<double>::quiet_NaN();
  visit("nanoseconds::max", nanoseconds::max(), LengthKind::longest);
  visit("microseconds::max", microseconds::max(), LengthKind::longest);
  visit("milliseconds::max", milliseconds::max(), LengthKind::longest);
  visit("seconds::max", seconds::max(), LengthKind::longest);
  visit("minutes::max", minutes::max(), LengthKind::longest);
  visit("hours::max", hours::max(), LengthKind::longest);
  visit("years::max", years::max(), LengthKind::longest);
  visit("picoseconds::max", Pico::max(), LengthKind::long_);
  visit("most unsigned milliseconds", duration<std::uint64_t, std::milli>::max(), LengthKind::longest);
  visit("most unsigned hours", duration<std::uint64_t, std::ratio<3600>>::max(), LengthKind::longest);
  visit("infinity", Real(infinity), LengthKind::longest);
  visit("1e30 s", Real(1e30), LengthKind::longest);
  visit("most float hours", duration<float, std::ratio<3600>>::max(), LengthKind::longest);
  visit("1 ns", nanoseconds(1), LengthKind::tiny);
  visit("1 ps", Pico(1), LengthKind::tiny);
  visit("1e-9 s", Real(1e-9), LengthKind::tiny);
  visit("0 ns", nanoseconds(0), LengthKind::none);
  visit("0 unsigned hours", duration<std::uint64_t, std::ratio<3600>>(0), LengthKind::none);
  visit("0.0 s", Real(0), LengthKind::none);
  visit("-1 ns", nanoseconds(-1), LengthKind::below);
  visit("-5 ms", milliseconds(-5), LengthKind::below);
  visit("milliseconds::min", milliseconds::min(), LengthKind::below);
  visit("hours::min", hours::min(), LengthKind::below);
  visit("-infinity", Real(-infinity), LengthKind::below);
  visit("not a number", Real(not_a_number), LengthKind::below);
}

}  // namespace cachesite::test
