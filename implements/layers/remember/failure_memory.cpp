#include "layers/remember/failure_memory.hpp"

#include <cachesite/detail/stable_hash.hpp>

#include <algorithm>

namespace cachesite::remembering {

namespace {

constexpr std::uint64_t most_failures = 0xffff;

}  // namespace

std::chrono::milliseconds pause_after(std::uint64_t failures, std::uint64_t hash,
                                      const FailureMemory::Pauses& pauses) noexcept {
  auto pause = pauses.first;
  for (std::uint64_t doubled = 1; doubled < failures && pause < pauses.longest; ++doubled)
    pause *= 2;
  pause = std::min(pause, pauses.longest);
  // Mixed as in splitmix64.
  std::uint64_t mixed = hash + failures * 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  const double share = static_cast<double>((mixed ^ (mixed >> 31U)) >> 11U) / 9007199254740992.0;
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(static_cast<double>(pause.count()) * (0.8 + 0.4 * share)));
}

std::uint64_t FailureMemory::hash_of(std::string_view key) noexcept {
  return std::max<std::uint64_t>(1, stable_hash(key));
}

std::uint64_t FailureMemory::milliseconds_of(IClock::TimePoint time) noexcept {
  const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, since));
}

FailureMemory::Place* FailureMemory::find(std::uint64_t hash) noexcept {
  if (sets_.empty()) return nullptr;
  for (auto& place : sets_[hash % sets])
    if (place.hash == hash) return &place;
  return nullptr;
}

FailureMemory::Place& FailureMemory::place_for(std::uint64_t hash) {
  if (auto* const known = find(hash)) return *known;
  if (sets_.empty()) sets_.resize(sets);
  auto& set = sets_[hash % sets];
  auto& place = *std::min_element(
      set.begin(), set.end(), [](const Place& left, const Place& right) { return left.until < right.until; });
  place = Place();
  place.hash = hash;
  return place;
}

bool FailureMemory::throttles(std::string_view key, IClock::TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto* const place = find(hash_of(key));
  return place != nullptr && milliseconds_of(now) < place->until;
}

void FailureMemory::failed(std::string_view key, const Error& error, const Pauses& pauses,
                           std::chrono::milliseconds error_ttl, IClock::TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (pauses.first.count() > 0) {
    const auto hash = hash_of(key);
    auto& place = place_for(hash);
    place.failures = std::min<std::uint64_t>(most_failures, place.failures + 1U) & most_failures;
    const auto pause = static_cast<std::uint64_t>(pause_after(place.failures, hash, pauses).count());
    place.until = (milliseconds_of(now) + pause) & 0xffffffffffffU;
  }
  if (error_ttl.count() > 0) remember_error(key, error, now + error_ttl, now);
}

void FailureMemory::remember_error(std::string_view key, const Error& error, IClock::TimePoint until,
                                   IClock::TimePoint now) {
  if (errors_.size() >= most_errors && errors_.find(key) == errors_.end()) {
    std::erase_if(errors_, [now](const auto& entry) { return entry.second.until <= now; });
    if (errors_.size() >= most_errors)
      errors_.erase(std::min_element(errors_.begin(), errors_.end(), [](const auto& left, const auto& right) {
        return left.second.until < right.second.until;
      }));
  }
  errors_.insert_or_assign(std::string(key), Remembered{error, until});
}

void FailureMemory::succeeded(std::string_view key) {
  const std::lock_guard lock(mutex_);
  if (auto* const place = find(hash_of(key))) *place = Place();
  if (const auto found = errors_.find(key); found != errors_.end()) errors_.erase(found);
}

std::optional<Error> FailureMemory::error_of(std::string_view key, IClock::TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto found = errors_.find(key);
  if (found == errors_.end()) return std::nullopt;
  if (now < found->second.until) return found->second.error;
  errors_.erase(found);
  return std::nullopt;
}

}  // namespace cachesite::remembering
