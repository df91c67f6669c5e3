#include "memory/engine/size_estimate.hpp"

#include <algorithm>
#include <bit>
#include <new>

namespace cachesite::memory {

namespace {

constexpr std::uint64_t typical_entry_bytes = 128;
constexpr std::uint64_t least_entries = 256;
constexpr std::uint64_t least_bytes = std::uint64_t{2} << 20U;
constexpr std::uint64_t wanted_samples = 128;
constexpr std::uint64_t most_samples = 512;

std::string_view key_of(const std::uint64_t& number) noexcept {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

}  // namespace

std::optional<std::uint64_t> SizeEstimate::rate_for(std::optional<std::uint64_t> max_size,
                                                    std::optional<std::uint64_t> max_bytes) noexcept {
  if (max_bytes && *max_bytes < least_bytes) return std::nullopt;
  std::uint64_t entries = Budget::unlimited;
  if (max_bytes) entries = *max_bytes / typical_entry_bytes;
  if (max_size) entries = std::min(entries, *max_size);
  if (entries < least_entries || entries == Budget::unlimited) return std::nullopt;
  // A sampled operation costs several times what another does.
  const std::uint64_t cheap = std::clamp<std::uint64_t>(entries / wanted_samples, 16, 128);
  return std::bit_floor(std::max(cheap, entries / most_samples));
}

SizeEstimate::Miniature::Miniature(EvictionPolicy policy, const ShardContext& context)
    : budget_(Budget::unlimited, Budget::unlimited),
      context_{context.pages, budget_, context.clock, context.seed, context.idle} {
  if (policy == EvictionPolicy::tinylfu) {
    log_.emplace(context_);
  } else {
    ordered_.emplace(policy, context_);
  }
}

std::uint64_t SizeEstimate::Miniature::hash_of(const std::uint64_t& number) const noexcept {
  return hash_key(key_of(number), context_.seed);
}

bool SizeEstimate::Miniature::holds(std::uint64_t number) noexcept {
  DeferredWork deferred(nullptr);
  Value value;
  const Found found = log_ ? log_->read(hash_of(number), key_of(number), value, deferred)
                           : ordered_->read(key_of(number), value, deferred);
  return found != Found::miss;
}

void SizeEstimate::Miniature::put(std::uint64_t number, Tick expiry, Tick now) noexcept {
  DeferredWork deferred(nullptr);
  if (log_) {
    std::unique_ptr<ExternalEntry> none;
    static_cast<void>(
        log_->write(hash_of(number), key_of(number), std::nullopt, expiry, now, none, deferred));
  } else {
    static_cast<void>(
        ordered_->write(WriteCondition::always, key_of(number), std::nullopt, expiry, deferred));
  }
}

void SizeEstimate::Miniature::remove(std::uint64_t number) noexcept {
  DeferredWork deferred(nullptr);
  if (log_) {
    log_->remove(hash_of(number), key_of(number), deferred);
  } else {
    ordered_->remove(key_of(number), deferred);
  }
}

void SizeEstimate::Miniature::clear() noexcept {
  DeferredWork deferred(nullptr);
  if (log_) {
    log_->clear(deferred);
  } else {
    ordered_->clear(deferred);
  }
}

SizeEstimate::SizeEstimate(EvictionPolicy policy, const ShardContext& context, std::uint64_t rate)
    : real_(context), rate_(rate), half_(policy, context), twice_(policy, context) {
  follow_limits();
}

// Where bytes are the limit, the entries that they hold now stand for them.
void SizeEstimate::follow_limits() noexcept {
  const Budget& budget = real_.budget;
  std::uint64_t entries = budget.most_entries();
  if (budget.bytes() + budget.bytes() / 32 >= budget.most_bytes())
    entries = std::min(entries, budget.entries());
  half_.set_most_entries(std::max<std::uint64_t>(1, entries / (2 * rate_)));
  twice_.set_most_entries(std::max<std::uint64_t>(1, 2 * entries / rate_));
}

void SizeEstimate::note_read(std::uint64_t hash, Found found) noexcept {
  const bool hit = found != Found::miss;
  reads_.fetch_add(1, std::memory_order_relaxed);
  if (hit) hits_.fetch_add(1, std::memory_order_relaxed);
  const auto visit = [&](Miniature& miniature, std::atomic<std::uint64_t>& hits) {
    if (miniature.holds(hash)) {
      hits.fetch_add(1, std::memory_order_relaxed);
    } else if (hit) {
      // Nobody will write what the real cache has.
      miniature.put(hash, never, real_.clock.now());
    }
  };
  visit(half_, half_hits_);
  visit(twice_, twice_hits_);
}

void SizeEstimate::note_write(std::uint64_t hash, Tick expiry) noexcept {
  follow_limits();
  const Tick now = real_.clock.now();
  half_.put(hash, expiry, now);
  twice_.put(hash, expiry, now);
}

void SizeEstimate::note_removal(std::uint64_t hash) noexcept {
  half_.remove(hash);
  twice_.remove(hash);
}

void SizeEstimate::clear() noexcept {
  half_.clear();
  twice_.clear();
}

// The difference that the size makes to the sample, added to what the real cache has: whether the sample has
// the most frequent keys then matters less.
std::optional<SizeEstimate::Ratios> SizeEstimate::ratios(std::optional<double> hit_ratio) const noexcept {
  const auto reads = reads_.load(std::memory_order_relaxed);
  if (reads < least_reads) return std::nullopt;
  const auto share = [reads](const std::atomic<std::uint64_t>& count) {
    return static_cast<double>(count.load(std::memory_order_relaxed)) / static_cast<double>(reads);
  };
  const double sampled = share(hits_);
  const double real = hit_ratio.value_or(sampled);
  return Ratios{std::clamp(real + share(half_hits_) - sampled, 0.0, real),
                std::clamp(real + share(twice_hits_) - sampled, real, 1.0)};
}

}  // namespace cachesite::memory
