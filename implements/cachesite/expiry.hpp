#pragma once

#include <cachesite/parameter.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace cachesite {

/// The TTL of some keys.
struct ExpiryRule {
  /// See `matches_key_pattern`.
  std::string match;
  std::chrono::milliseconds ttl{0};

  static ParameterTable parameters();
};

/// How long entries live when nobody says so, and at most.
struct Expiry {
  std::optional<std::chrono::milliseconds> ttl;
  std::optional<std::chrono::milliseconds> max_ttl;
  std::vector<ExpiryRule> rules;

  [[nodiscard]] bool says_something() const noexcept { return ttl || max_ttl || !rules.empty(); }
  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

}  // namespace cachesite
