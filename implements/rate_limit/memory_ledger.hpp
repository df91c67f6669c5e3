#pragma once

#include "basics/key_hash.hpp"
#include "basics/shard_lock.hpp"
#include "rate_limit/key_table.hpp"
#include "rate_limit/ledger.hpp"
#include "rate_limit/token_bucket.hpp"

#include <cachesite/clock.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

namespace cachesite::rate_limits {

/// What was taken, in the memory of the process, by the rule of a TokenBucket or a SlidingWindow.
///
/// A key is one of:
/// - unknown: nothing of it is remembered, so it has all of the limit. A taking makes it known, if there is
///   room, or else crowded.
/// - known: it has a state of its own. It is forgotten when another key needs room and nothing was taken for
///   so long that its limit cannot be in force.
/// - crowded: there is no room, so it shares one state with all others like it. A later call makes it known
///   when there is room; its own state then begins as a copy of the shared one, which counts at least what
///   the key itself took.
///
/// Keys are spread over parts with a lock each. The owner asks a ForkMark before every call.
template <class Rule>
class MemoryLedger final : public Ledger {
 public:
  MemoryLedger(Rule rule, std::uint64_t max_keys, std::shared_ptr<const IClock> clock)
      : rule_(std::move(rule)),
        clock_(std::move(clock)),
        seed_(basics::HashSeed::random()),
        used_parts_(max_keys < 64 * most_parts ? 1 : most_parts),
        room_(static_cast<std::size_t>(max_keys / used_parts_)) {
    for (auto& part : parts_)
      part.crowd = rule_.untouched();
  }

  Result<RateDecision> take(std::string_view key, std::uint64_t cost) override {
    const std::uint64_t hash = basics::hash_key(key, seed_);
    Part& part = part_of(hash);
    const std::lock_guard lock(part.lock);
    const Instant now = this->now();
    auto* entry = part.keys.find(key, hash);
    if (entry == nullptr) [[unlikely]]
      entry = entered(part, key, hash, now);
    const RateDecision decision = rule_.take(entry != nullptr ? entry->state : part.crowd, now, cost);
    if (entry == nullptr)
      ++part.counts.crowded;
    else if (decision.allowed)
      part.keys.use(*entry, now);
    ++(decision.allowed ? part.counts.allowed : part.counts.refused);
    return decision;
  }

  Result<bool> reset(std::string_view key) override {
    const std::uint64_t hash = basics::hash_key(key, seed_);
    Part& part = part_of(hash);
    const std::lock_guard lock(part.lock);
    auto* const entry = part.keys.find(key, hash);
    if (entry == nullptr) return false;
    part.keys.remove(entry);
    return true;
  }

  [[nodiscard]] RateLimiterStatistics statistics() const override {
    RateLimiterStatistics sum;
    for (const auto& part : parts_) {
      const std::lock_guard lock(part.lock);
      sum.allowed += part.counts.allowed;
      sum.refused += part.counts.refused;
      sum.crowded += part.counts.crowded;
      sum.keys += part.keys.size();
    }
    return sum;
  }

 private:
  static constexpr std::size_t most_parts = 64;

  using Keys = KeyTable<typename Rule::State>;

  struct alignas(64) Part {
    mutable basics::ShardLock lock;
    Keys keys;
    typename Rule::State crowd;
    RateLimiterStatistics counts;
  };

  [[nodiscard]] Instant now() const noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock_->now().time_since_epoch()).count();
  }
  // The table takes the lower bits.
  [[nodiscard]] Part& part_of(std::uint64_t hash) noexcept {
    return parts_[(hash >> 58U) & (used_parts_ - 1)];
  }

  // Null when there is no room.
  [[gnu::noinline]] typename Keys::Entry* entered(Part& part, std::string_view key, std::uint64_t hash,
                                                  Instant now) {
    // Two for each that comes, so that what is idle goes sooner than it came.
    for (int turn = 0; turn < 2; ++turn)
      if (auto* const oldest = part.keys.oldest();
          oldest != nullptr && oldest->used + rule_.in_force() <= now)
        part.keys.remove(oldest);
    return part.keys.size() < room_ ? part.keys.add(key, hash, now, part.crowd) : nullptr;
  }

  const Rule rule_;
  const std::shared_ptr<const IClock> clock_;
  const basics::HashSeed seed_;
  const std::size_t used_parts_;
  const std::size_t room_;  // of each part
  std::array<Part, most_parts> parts_;
};

}  // namespace cachesite::rate_limits
