#include "layers/base/owed_removals.hpp"

#include <cachesite/detail/key_range.hpp>

#include <algorithm>

namespace cachesite::layers {

bool OwedRemovals::add_key(std::string_view key, std::size_t most, std::size_t most_bytes) {
  if (renew_key(key)) return true;
  const auto bytes = key.size() + bytes_beside_key;
  if (size() >= most || bytes > most_bytes || bytes_ > most_bytes - bytes) return false;
  keys_.emplace(std::string(key), Owed{++last_});
  bytes_ += bytes;
  return true;
}

bool OwedRemovals::add_pattern(std::string_view pattern, std::size_t most) {
  if (const auto found = patterns_.find(pattern); found != patterns_.end()) {
    found->second = ++last_;
    return true;
  }
  if (size() >= most) return false;
  patterns_.emplace(std::string(pattern), ++last_);
  return true;
}

bool OwedRemovals::renew_key(std::string_view key) {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return false;
  found->second.number = ++last_;
  return true;
}

bool OwedRemovals::owes(std::string_view key) const {
  return clear_ || keys_.find(key) != keys_.end() ||
         std::any_of(patterns_.begin(), patterns_.end(),
                     [&](const auto& pattern) { return matches_key_pattern(pattern.first, key); });
}

OwedRemovals::Part OwedRemovals::next(std::size_t most_keys, Ticks now) const {
  Part part;
  part.clear = clear_;
  if (clear_) return part;
  if (!patterns_.empty()) {
    part.pattern = *patterns_.begin();
    return part;
  }
  for (const auto& [key, owed] : keys_) {
    if (part.keys.size() >= most_keys) break;
    if (owed.due <= now) part.keys.emplace_back(key, owed.number);
  }
  return part;
}

OwedRemovals::Ticks OwedRemovals::next_due() const noexcept {
  auto next = never;
  for (const auto& [key, owed] : keys_)
    next = std::min(next, owed.due);
  return next;
}

OwedRemovals::Part OwedRemovals::of(std::span<const std::string_view> keys) const {
  Part part;
  for (const auto key : keys) {
    if (!owes(key)) continue;
    const auto found = keys_.find(key);
    part.keys.emplace_back(std::string(key), found == keys_.end() ? 0 : found->second.number);
  }
  return part;
}

void OwedRemovals::settle(const Part& part) {
  if (part.clear && clear_ == part.clear) clear_.reset();
  if (part.pattern) {
    const auto found = patterns_.find(part.pattern->first);
    if (found != patterns_.end() && found->second == part.pattern->second) patterns_.erase(found);
  }
  for (const auto& [key, number] : part.keys) {
    const auto found = keys_.find(key);
    if (found == keys_.end() || found->second.number != number) continue;
    bytes_ -= key.size() + bytes_beside_key;
    keys_.erase(found);
  }
}

}  // namespace cachesite::layers
