#pragma once

#include "basics/per_process_mutex.hpp"
#include "layers/base/key_rules.hpp"

#include <cachesite/tiered_cache.hpp>
#include <cachesite/time_to_live.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace cachesite::tiered {

/// What holds for the copy of a key.
struct TierTerms {
  TimeToLive near_ttl = TimeToLive(std::chrono::milliseconds(1));
  std::optional<TimeToLive> negative_ttl;               // nothing: that there is none is not remembered
  std::optional<std::chrono::milliseconds> keep_stale;  // of a rule; nothing: whatever is asked for
  bool near = true;
};

/// The rules of a cache, which may change while it runs; the first that matches a key counts.
class TierRules {
 public:
  TierRules(std::chrono::milliseconds near_ttl, std::chrono::milliseconds negative_ttl,
            const std::vector<TierRule>& rules);

  void set(const std::vector<TierRule>& rules);
  [[nodiscard]] TierTerms terms_for(std::string_view key) const;
  [[nodiscard]] std::optional<std::size_t> place_for(std::string_view key) const;
  /// Longest keep_stale of a rule.
  [[nodiscard]] std::chrono::milliseconds longest_stale() const;

 private:
  using Rules = layers::KeyRules<TierTerms>;

  [[nodiscard]] Rules made_of(const std::vector<TierRule>& rules) const;

  const TierTerms usual_;
  mutable basics::PerProcessSharedMutex mutex_;
  Rules rules_;
  std::atomic<bool> any_{false};
};

}  // namespace cachesite::tiered
