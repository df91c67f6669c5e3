#include "layers/tiered/tiered_cache_inner.hpp"

#include "layers/base/outage.hpp"

#include <cachesite/detail/guarded_call.hpp>

namespace cachesite {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds usual_near_ttl{30'000};
constexpr milliseconds near_ttl_with_coherence{300'000};
constexpr milliseconds longest_fence{1'000};

Error nobody_vouches() noexcept {
  return Error(ErrorCode::unreachable, "nobody vouches for copies: the news of changes are missing");
}

}  // namespace

tiered::NearTier::Settings TieredCache::Inner::near_settings(const TieredCacheOptions& options) {
  const auto usual = is_coherent(options) ? near_ttl_with_coherence : usual_near_ttl;
  return {options.near_ttl.value_or(usual), options.negative_ttl, options.keep_stale,
          options.coherence.max_staleness, options.rules};
}

tiered::CopyNews::Sources TieredCache::Inner::sources_of(const TieredCacheOptions& options,
                                                         const std::function<bool()>& stopped) {
  const auto& coherence = options.coherence;
  tiered::CopyNews::Sources sources;
  if (coherence.mode == CoherenceMode::backplane)
    tiered::check_layers_below(*options.over.component());
  else
    sources.below = tiered::find_feed_below(*options.over.component());
  if (coherence.mode != CoherenceMode::tracking)
    sources.bus = std::make_unique<tiered::BackplaneNews>(near, coherence, stopped);
  return sources;
}

FeedOptions TieredCache::Inner::feed_options(const CoherenceOptions& options) noexcept {
  FeedOptions feed;
  feed.protocol = options.protocol;
  feed.max_staleness = options.max_staleness;
  feed.probe_interval = options.probe_interval;
  feed.probe = options.verify == NewsCheck::probe;
  return feed;
}

bool TieredCache::Inner::may_answer(const ReadLimits& limits) noexcept {
  if (!limits.max_staleness) return true;
  if (news == nullptr) return false;  // nobody knows how long ago a copy was true
  if (limits.max_staleness->count() > 0) return true;
  Counters::add(fenced_reads);
  return news->fence(limits.patience.value_or(longest_fence)).ok();
}

std::optional<Found> TieredCache::Inner::known_within(std::string_view key, Value& destination,
                                                      const ReadLimits& limits, EntryLife& life) noexcept {
  const auto known = near.read_within(key, destination, limits, life);
  if (known) Counters::add(*known == Found::miss ? near_misses : near_hits);
  return known;
}

std::optional<Result<Found>> TieredCache::Inner::answer_unvouched(std::string_view key, Value& destination,
                                                                  const ReadLimits& limits,
                                                                  EntryLife& life) noexcept {
  if (news == nullptr) return std::nullopt;
  news->begin();
  if (near.guard().vouches_for_any(near.nanoseconds())) return std::nullopt;
  Counters::add(pass_through_reads);
  switch (when_incoherent_) {
    case WhenIncoherent::pass_through:
      return std::nullopt;
    case WhenIncoherent::fail:
      return Result<Found>(failed(nobody_vouches()));
    case WhenIncoherent::serve:
      break;
  }
  if (limits.max_staleness) return std::nullopt;
  const auto found = stale_copy(key, destination, near.keep_stale_for(key), nobody_vouches(), life);
  return found ? std::optional(Result<Found>(*found)) : std::nullopt;
}

std::optional<Found> TieredCache::Inner::stale_copy(std::string_view key, Value& destination,
                                                    milliseconds longest, const Error& error,
                                                    EntryLife& life) noexcept {
  StaleRead stale{longest};
  CacheRequest request(CacheOperation::read, key);
  request.destination = &destination;
  request.stale = &stale;
  near.read_stale(request);
  const auto* const found = request.answered<Found>();
  if (found == nullptr || *found == Found::miss) return std::nullopt;
  Counters::add(stale_hits);
  life = EntryLife();
  life.stale = life.near = true;
  listeners_->each([&](ITierListener& listener) { listener.on_stale_served(key, stale.age, error); });
  return *found;
}

std::optional<Found> TieredCache::Inner::copy_instead(std::string_view key, Value& destination,
                                                      const Error& error, const ReadLimits& limits,
                                                      EntryLife& life) noexcept {
  if ((!takes_stale_ || limits.max_staleness) && !limits.accept_stale) return std::nullopt;
  if (!layers::is_outage(error)) return std::nullopt;
  return stale_copy(key, destination, limits.accept_stale ? milliseconds::max() : near.keep_stale_for(key),
                    error, life);
}

void TieredCache::Inner::keep(std::string_view key, Found found, const Value& value, const EntryLife& life,
                              IClock::TimePoint asked, const Ticket& ticket) noexcept {
  if (found == Found::miss) return near.fill_absent(key, life, ticket);
  near.fill(key, found == Found::hit ? std::optional(ByteView(value.text())) : std::nullopt, life, asked,
            ticket);
}

}  // namespace cachesite
