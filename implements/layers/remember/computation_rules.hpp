#pragma once

#include "layers/base/key_rules.hpp"

#include <cachesite/remember_cache.hpp>
#include <cachesite/time_to_live.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace cachesite::remembering {

/// What holds for the computation of a key.
struct Terms {
  std::optional<TimeToLive> time_to_live;
  std::optional<std::chrono::milliseconds> negative_ttl;
  std::chrono::milliseconds stale{0};  // 0: no stale values
  std::chrono::milliseconds error_ttl{0};
  double refresh_from = 0.8;

  friend bool operator==(const Terms&, const Terms&) = default;
};

/// The rules of a cache; the first that matches a key counts.
class ComputationRules {
 public:
  explicit ComputationRules(const RememberCacheOptions& options);

  [[nodiscard]] const Terms& terms_for(std::string_view key) const noexcept { return rules_.terms_for(key); }
  [[nodiscard]] std::optional<std::size_t> place_for(std::string_view key) const noexcept {
    return rules_.place_for(key);
  }
  /// How long a value may be of use after its end, whatever its key.
  [[nodiscard]] std::chrono::milliseconds longest_stale() const noexcept;

  friend bool operator==(const ComputationRules&, const ComputationRules&) = default;

 private:
  layers::KeyRules<Terms> rules_;
};

/// Rules that may change while a cache runs. A computation goes on with those that it began with, so former ones
/// stay as long as the cache. Without a lock; safe from any thread.
class ChangingRules {
 public:
  explicit ChangingRules(const RememberCacheOptions& options);
  ChangingRules(const ChangingRules&) = delete;
  ChangingRules& operator=(const ChangingRules&) = delete;
  ~ChangingRules();

  [[nodiscard]] const Terms& terms_for(std::string_view key) const noexcept {
    return present_.load(std::memory_order_acquire)->terms_for(key);
  }
  [[nodiscard]] std::optional<std::size_t> place_for(std::string_view key) const noexcept {
    return present_.load(std::memory_order_acquire)->place_for(key);
  }
  [[nodiscard]] std::chrono::milliseconds longest_stale() const noexcept {
    return present_.load(std::memory_order_acquire)->longest_stale();
  }
  /// False when there have been too many different ones. Throws std::bad_alloc.
  bool change(ComputationRules rules);

 private:
  static constexpr std::size_t most = 1'000;
  struct Node {
    ComputationRules rules;
    const Node* next = nullptr;
  };

  std::atomic<const Node*> all_;  // the latest first
  std::atomic<const ComputationRules*> present_;
  std::atomic<std::size_t> count_{1};
};

}  // namespace cachesite::remembering
