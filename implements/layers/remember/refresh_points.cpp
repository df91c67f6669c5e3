#include "layers/remember/refresh_points.hpp"

#include <algorithm>
#include <cmath>

namespace cachesite::remembering {

using std::chrono::milliseconds;

RefreshPoints::RefreshPoints(const RefreshOptions& options, IClock::TimePoint now)
    : mode_(options.mode),
      beta_(options.beta),
      origin_(now),
      seed_(basics::HashSeed::random()),
      places_(std::make_unique<std::atomic<std::uint64_t>[]>(places)) {}

// xfetch: Vattani, Chierichetti, Lowenstein, "Optimal probabilistic cache stampede prevention", VLDB 2015. The
// random number is a hash of key and end: an entry has one time, however many ask.
IClock::TimePoint RefreshPoints::due_at(std::string_view key, double from, Life life,
                                        std::chrono::nanoseconds cost, IClock::TimePoint now) const noexcept {
  const auto end = now + life.left;
  if (mode_ != RefreshMode::xfetch) {
    const auto ahead = std::chrono::duration<double, std::milli>(life.whole) * (1.0 - from);
    return end - std::chrono::duration_cast<IClock::TimePoint::duration>(ahead);
  }
  const auto hash = basics::hash_key(key, seed_) ^ (time_of(end) * 0x9e3779b97f4a7c15U);
  const double random = (static_cast<double>(hash >> 11U) + 1.0) / 9007199254740993.0;
  const auto ahead = std::chrono::duration<double, std::nano>(cost) * beta_ * -std::log(random);
  const auto most = std::chrono::duration<double, std::nano>(life.whole) / 2;
  return end - std::chrono::duration_cast<IClock::TimePoint::duration>(std::min(ahead, most));
}

std::uint64_t RefreshPoints::time_of(IClock::TimePoint time) const noexcept {
  const auto since = std::chrono::floor<milliseconds>(time - origin_).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, since)) & time_mask;
}

void RefreshPoints::arm(std::string_view key, IClock::TimePoint due) noexcept {
  const auto hash = basics::hash_key(key, seed_);
  place_of(hash).store(mark_of(hash) | time_of(due), std::memory_order_relaxed);
}

void RefreshPoints::forget(std::string_view key) noexcept {
  const auto hash = basics::hash_key(key, seed_);
  auto& place = place_of(hash);
  auto known = place.load(std::memory_order_relaxed);
  if ((known & ~time_mask) == mark_of(hash)) place.compare_exchange_strong(known, 0);
}

void RefreshPoints::forget_all() noexcept {
  for (std::size_t place = 0; place < places; ++place)
    places_[place].store(0, std::memory_order_relaxed);
}

bool RefreshPoints::claim(std::string_view key, const IClock& clock) noexcept {
  const auto hash = basics::hash_key(key, seed_);
  auto& place = place_of(hash);
  auto known = place.load(std::memory_order_relaxed);
  if ((known & ~time_mask) != mark_of(hash) || time_of(clock.now()) < (known & time_mask)) return false;
  return place.compare_exchange_strong(known, 0);
}

}  // namespace cachesite::remembering
