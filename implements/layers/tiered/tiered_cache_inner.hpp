#pragma once

#include "binding/component_name.hpp"
#include "layers/base/call_counters.hpp"
#include "layers/base/caller_left.hpp"
#include "layers/tiered/copy_news.hpp"
#include "layers/tiered/far_recovery.hpp"
#include "layers/tiered/feed_below.hpp"
#include "layers/tiered/near_claim.hpp"
#include "layers/tiered/near_tier.hpp"
#include "layers/tiered/tier_audit.hpp"

#include <cachesite/tiered_cache.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

class TieredCache::Inner {
 public:
  using Counters = layers::CallCounters;
  using Ticket = tiered::NearTier::Ticket;

  Inner(const TieredCacheOptions& options, const ComponentContext& context, std::function<bool()> stopped)
      : claim(*options.near.component()),
        near(options.near.component(), near_settings(options), is_coherent(options), context),
        near_waits(waits(*options.near.component())),
        when_incoherent_(options.coherence.when_incoherent),
        takes_stale_(options.when_far_fails == WhenFarFails::stale),
        listeners_(std::make_shared<tiered::TierListeners>(
            "coherence", "listener", layers::named_listeners(options.listeners, binding::shown_name),
            context.label, context.logger)),
        audit(near, *options.over.component(), audit_settings(options, stopped)) {
    if (recovers(options))
      recovery = std::make_unique<tiered::FarRecovery>(*options.over.component(), options.recovery,
                                                       listeners_, context);
    if (is_coherent(options))
      news = std::make_unique<tiered::CopyNews>(near, sources_of(options, stopped),
                                                feed_options(options.coherence), listeners_, stopped);
    if (recovery != nullptr) recovery->tell(near, bus());
  }

  // Only a server can tell when all its news have come.
  tiered::TierAudit::Settings audit_settings(const TieredCacheOptions& options,
                                             std::function<bool()> stopped) {
    const auto fence = [this](std::chrono::milliseconds limit) { return news->fence(limit); };
    return {options.coherence.tracks() ? std::function<Status(std::chrono::milliseconds)>(fence) : nullptr,
            std::move(stopped), options.audit_sample};
  }

  // What the near tier knows, counted.
  std::optional<Found> known(std::string_view key, Value& destination) noexcept {
    const auto known = near.read(key, destination);
    if (known) count_known(key, *known);
    return known;
  }
  void count_known(std::string_view key, Found found) noexcept {
    Counters::add(found == Found::miss ? near_misses : near_hits);
    if (audit.samples()) [[unlikely]]
      audit.sample(key);
  }
  // Whether the near tier may answer within limits: all news have come where that is asked for.
  bool may_answer(const ReadLimits& limits) noexcept;
  // As `known` within limits, with the life of the entry if that is known.
  std::optional<Found> known_within(std::string_view key, Value& destination, const ReadLimits& limits,
                                    EntryLife& life) noexcept;
  // The answer to a read that the near tier does not know when nobody vouches for copies, unless that is to ask
  // the far tier, as it is for who bounds the age of copies.
  std::optional<Result<Found>> answer_unvouched(std::string_view key, Value& destination,
                                                const ReadLimits& limits, EntryLife& life) noexcept;
  // The same for an item of a batch, which gets its result; false when the far tier has to be asked. `near_first`:
  // whether the near tier may answer.
  bool answer_item(const CacheRequest& batch, std::size_t item, const ReadLimits& limits, bool near_first);
  // The same for all items of a batch: the places of those that the far tier has to be asked for. Throws
  // std::bad_alloc.
  std::vector<std::size_t> answer_items(const CacheRequest& batch);
  // A copy that is too old for other reads, for one that takes such, in place of this failure.
  std::optional<Found> stale_copy(std::string_view key, Value& destination, std::chrono::milliseconds longest,
                                  const Error& error, EntryLife& life) noexcept;

  // The same for any read, when the far tier has failed with this.
  std::optional<Found> copy_instead(std::string_view key, Value& destination, const Error& error,
                                    const ReadLimits& limits, EntryLife& life) noexcept;

  // What the far tier has answered becomes a copy.
  void keep(std::string_view key, Found found, const Value& value, const EntryLife& life,
            IClock::TimePoint asked, const Ticket& ticket) noexcept;

  // The far tier has answered: other processes are told what may have changed.
  void announce(const CacheRequest& request) noexcept {
    if (bus() == nullptr) return;
    news->begin();
    bus()->publish(request);
  }
  // The same without an answer.
  void announce_unanswered(const CacheRequest& request) noexcept {
    if (bus() == nullptr) return;
    news->begin();
    bus()->publish_unanswered(request);
  }

  Error failed(const Error& error) noexcept {
    Counters::add(calls.failures);
    return error;
  }

  // Whether keys may have to be removed from the far tier before it is asked.
  [[nodiscard]] bool may_owe() const noexcept { return recovery != nullptr && recovery->may_owe(); }
  // The far tier has answered.
  void note_answer(const CacheRequest& request) noexcept {
    if (recovery != nullptr) recovery->note(request);
  }
  void note_answer(const CacheRequest& request, AsyncRequest& call) noexcept {
    if (recovery != nullptr) recovery->note(request, layers::caller_left(call));
  }

  // Everything but reads.
  void count(const CacheRequest& request) noexcept {
    const auto end = layers::end_of(request);
    calls.add(request, end);
    Counters::add(calls.failures, end.failures(request));
  }

  // Whether reads may take copies now.
  [[nodiscard]] bool serves_copies() noexcept {
    return news == nullptr || takes_stale_ || when_incoherent_ == WhenIncoherent::serve ||
           near.guard().vouches_for_any(near.nanoseconds());
  }

  void count_far(Found found) noexcept { Counters::add(found == Found::miss ? far_misses : far_hits); }

  const tiered::NearClaim claim;
  tiered::NearTier near;
  const bool near_waits;
  Counters calls;
  Counters::Counter near_hits{0}, near_misses{0}, far_hits{0}, far_misses{0};
  Counters::Counter stale_hits{0}, fenced_reads{0}, pass_through_reads{0};

 private:
  static bool recovers(const TieredCacheOptions& options) noexcept {
    const auto mode = options.recovery.mode;
    return mode == RecoveryMode::remove || (mode == RecoveryMode::automatic && is_coherent(options));
  }
  static bool is_coherent(const TieredCacheOptions& options) noexcept {
    return options.coherence.mode != CoherenceMode::none;
  }
  static tiered::NearTier::Settings near_settings(const TieredCacheOptions& options);
  tiered::CopyNews::Sources sources_of(const TieredCacheOptions& options,
                                       const std::function<bool()>& stopped);
  [[nodiscard]] tiered::BackplaneNews* bus() const noexcept {
    return news == nullptr ? nullptr : news->bus();
  }
  static FeedOptions feed_options(const CoherenceOptions& options) noexcept;

  const WhenIncoherent when_incoherent_;
  const bool takes_stale_;
  const std::shared_ptr<const tiered::TierListeners> listeners_;

 public:
  std::unique_ptr<tiered::FarRecovery> recovery;  // null without
  std::unique_ptr<tiered::CopyNews> news;         // its thread uses everything above
  tiered::TierAudit audit;                        // the last: so does its thread
};

// A batch of reads for the far tier: taken before it is asked, for the copies that its answers become.
class TieredCache::FarReads {
 public:
  // Throws std::bad_alloc. Asks for lives too.
  FarReads(Inner& inner, CacheRequest& batch);
  void take(const CacheRequest& answered);

 private:
  void take_copy_instead(const CacheRequest& batch, std::size_t item);

  Inner& inner_;
  std::vector<EntryLife> lives_;  // when the caller wants none
  std::vector<Inner::Ticket> tickets_;
  const IClock::TimePoint asked_;
};

// The tickets of what a request stores, taken before the far tier is asked; none for other requests.
class TieredCache::StoreTickets {
 public:
  // Throws std::bad_alloc.
  StoreTickets(const tiered::NearTier& near, const CacheRequest& request) {
    if (request.effect() != CacheEffect::store) return;
    if (!request.is_batch()) one_ = near.ticket(request.key);
    many_.reserve(request.entries.size());
    for (const auto& entry : request.entries)
      many_.push_back(near.ticket(entry.key));
  }
  [[nodiscard]] const Inner::Ticket& of(std::size_t item) const noexcept {
    return many_.empty() ? one_ : many_[item];
  }

 private:
  Inner::Ticket one_;
  std::vector<Inner::Ticket> many_;
};

}  // namespace cachesite
