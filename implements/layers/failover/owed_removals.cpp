#include "layers/failover/owed_removals.hpp"

#include <cachesite/key_range.hpp>

#include <algorithm>

namespace cachesite::layers {

bool OwedRemovals::add_key(std::string_view key, std::size_t most) {
  if (renew_key(key)) return true;
  if (size() >= most) return false;
  keys_.emplace(std::string(key), ++last_);
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
  found->second = ++last_;
  return true;
}

bool OwedRemovals::owes(std::string_view key) const {
  return clear_ || keys_.find(key) != keys_.end() ||
         std::any_of(patterns_.begin(), patterns_.end(),
                     [&](const auto& pattern) { return matches_key_pattern(pattern.first, key); });
}

OwedRemovals::Part OwedRemovals::next(std::size_t most_keys) const {
  Part part;
  part.clear = clear_;
  if (clear_) return part;
  if (!patterns_.empty()) {
    part.pattern = *patterns_.begin();
    return part;
  }
  for (const auto& owed : keys_) {
    if (part.keys.size() >= most_keys) break;
    part.keys.emplace_back(owed);
  }
  return part;
}

OwedRemovals::Part OwedRemovals::of(std::span<const std::string_view> keys) const {
  Part part;
  for (const auto key : keys) {
    if (!owes(key)) continue;
    const auto found = keys_.find(key);
    part.keys.emplace_back(std::string(key), found == keys_.end() ? 0 : found->second);
  }
  return part;
}

void OwedRemovals::settle(const Part& part) {
  if (part.clear && clear_ == part.clear) clear_.reset();
  const auto settle_in = [](Numbers& numbers, const auto& owed) {
    const auto found = numbers.find(owed.first);
    if (found != numbers.end() && found->second == owed.second) numbers.erase(found);
  };
  if (part.pattern) settle_in(patterns_, *part.pattern);
  for (const auto& owed : part.keys)
    settle_in(keys_, owed);
}

}  // namespace cachesite::layers
