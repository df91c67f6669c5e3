#pragma once

#include <cachesite/remember_cache.hpp>
#include <cachesite/time_to_live.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::remembering {

/// What holds for the computation of a key.
struct Terms {
  std::optional<TimeToLive> time_to_live;
  std::optional<std::chrono::milliseconds> negative_ttl;
  std::chrono::milliseconds stale{0};  // 0: no stale values
  std::chrono::milliseconds error_ttl{0};
  double refresh_from = 0.8;
};

/// The rules of a cache; the first that matches a key counts.
class ComputationRules {
 public:
  explicit ComputationRules(const RememberCacheOptions& options);

  [[nodiscard]] const Terms& terms_for(std::string_view key) const noexcept;
  /// How long a value may be of use after its end, whatever its key.
  [[nodiscard]] std::chrono::milliseconds longest_stale() const noexcept;

 private:
  struct Rule {
    std::string match;
    std::string start;  // that every matching key has
    Terms terms;
  };

  Terms usual_;
  std::vector<Rule> rules_;
};

}  // namespace cachesite::remembering
