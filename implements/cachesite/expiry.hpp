#pragma once

#include <cachesite/parameter.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace cachesite {

/// The TTL of some keys.
struct ExpiryRule {
  /// A pattern of keys (see matches_key_pattern).
  std::string match;
  /// For calls about such a key that give none.
  std::chrono::milliseconds ttl{0};

  static ParameterTable parameters();
};

/// How long entries live when nobody says so, and at most.
struct Expiry {
  /// For calls that give no TTL, where no rule matches the key; without it such calls are refused.
  std::optional<std::chrono::milliseconds> ttl;
  /// Longest life of an entry, whatever a call gives; no limit when empty.
  std::optional<std::chrono::milliseconds> max_ttl;
  /// For calls that give no TTL: the first rule that matches the key counts.
  std::vector<ExpiryRule> rules;

  [[nodiscard]] bool says_something() const noexcept { return ttl || max_ttl || !rules.empty(); }
  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

}  // namespace cachesite
