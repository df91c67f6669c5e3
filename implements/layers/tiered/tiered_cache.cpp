#include "basics/checked_options.hpp"
#include "layers/tiered/tiered_cache_inner.hpp"

#include <cachesite/tiered_cache.hpp>

#include <stdexcept>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

constexpr std::memory_order relaxed = std::memory_order_relaxed;

}  // namespace

ParameterTable TieredCacheOptions::parameters() {
  using namespace std::chrono_literals;
  using O = TieredCacheOptions;
  using std::chrono::milliseconds;
  return {
      parameter("over", &O::over, "The far tier: the cache that holds every entry, such as a RedisCache.")
          .required(),
      parameter("near", &O::near,
                "The near tier: a cache for copies, such as a MemoryCache, that nothing else uses.")
          .required(),
      parameter("near_ttl", &O::near_ttl,
                "Longest time that a copy is used without asking the far tier; for as long, a change by "
                "another process may go unseen.")
          .at_least(1ms),
      parameter("negative_ttl", &O::negative_ttl,
                "How long a miss of the far tier is remembered; 0: not at all."),
      parameter(
          "keep_stale", &O::keep_stale,
          "How long a copy is kept after its end, for a RememberCache above that returns it when no newer "
          "value can be had; 0: not at all. The near tier has to be a MemoryCache.")
          .between(0ms, milliseconds(longest_keep)),
  };
}

std::vector<OptionComplaint> TieredCacheOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  const bool same = near.component() ? near.component() == over.component()
                                     : near.is_set() && over.is_set() && near.name() == over.name();
  if (same) complaints.push_back({"near", "the near tier and the far tier are the same cache"});
  if (!TimeToLive(near_ttl).valid()) complaints.push_back({"near_ttl", "a TTL is 1 ms to 10 years"});
  if (negative_ttl.count() != 0 && !TimeToLive(negative_ttl).valid())
    complaints.push_back({"negative_ttl", "0, or 1 ms to 10 years"});
  if (keep_stale.count() < 0 || keep_stale > longest_keep)
    complaints.push_back({"keep_stale", "0 to 30 days"});
  return complaints;
}

namespace {

TieredCacheOptions checked(TieredCacheOptions options) {
  if (!options.near.component())
    throw std::invalid_argument("a TieredCache needs a near tier: near is not set");
  return checked_options("TieredCache", std::move(options));
}

}  // namespace

TieredCache::TieredCache(TieredCacheOptions options, const ComponentContext& context)
    : CacheLayer(options.over.component()),
      inner_(std::make_unique<Inner>(checked(std::move(options)), context)) {}

TieredCache::~TieredCache() = default;

Health TieredCache::health() const {
  auto health = CacheLayer::health();
  if (stopped() || health.state != HealthState::down || inner_->near.is_down()) return health;
  return {HealthState::degraded, "only copies are served: " + health.reason};
}

CacheStatistics TieredCache::statistics() const {
  auto statistics = CacheLayer::statistics();
  const auto tiers = tier_statistics();
  inner_->calls.fill(statistics);
  statistics.hits = tiers.near_hits + tiers.far_hits;
  statistics.misses = tiers.near_misses + tiers.far_misses;
  statistics.failures = inner_->calls.failures.load(relaxed);
  statistics.clears = inner_->calls.clears.load(relaxed);
  return statistics;
}

TierStatistics TieredCache::tier_statistics() const noexcept {
  TierStatistics statistics;
  statistics.near_hits = inner_->near_hits.load(relaxed);
  statistics.near_misses = inner_->near_misses.load(relaxed);
  statistics.far_hits = inner_->far_hits.load(relaxed);
  statistics.far_misses = inner_->far_misses.load(relaxed);
  statistics.fills = inner_->near.fills.load(relaxed);
  statistics.fills_dropped = inner_->near.fills_dropped.load(relaxed);
  return statistics;
}

bool TieredCache::forget_near(std::string_view key) noexcept {
  return inner_->near.changed(key);
}

void TieredCache::clear_near() noexcept {
  inner_->near.clear();
}

std::uint64_t TieredCache::near_size() noexcept {
  return inner_->near.size();
}

Result<Found> TieredCache::do_read(std::string_view key, Value& destination) {
  auto& inner = *inner_;
  if (stopped()) return inner.failed(closed());
  if (const auto known = inner.known(key, destination)) return *known;
  const auto ticket = inner.near.ticket(key);
  const auto found = forward_read(key, destination);
  if (!found.ok()) return inner.failed(found.error());
  inner.count_far(found.value());
  if (found.value() == Found::miss) {
    inner.near.fill_absent(key, ticket);
    return found;
  }
  const auto asked = inner.near.now();
  if (const auto left = ask_below<Remaining>(CacheRequest(CacheOperation::time_to_live, key)); left.ok())
    inner.near.fill(key,
                    found.value() == Found::hit ? std::optional(ByteView(destination.text())) : std::nullopt,
                    left.value(), asked, ticket);
  return found;
}

void TieredCache::do_begin(CacheRequest& request) {
  switch (request.effect()) {
    case CacheEffect::read:
      if (request.stale != nullptr) return read_copy(request);
      return request.is_batch() ? read_many(request)
                                : request.end(do_read(request.key, *request.destination));
    case CacheEffect::store:
      request.is_batch() ? store_many(request) : store(request);
      break;
    case CacheEffect::count:
    case CacheEffect::prolong:
    case CacheEffect::remove:
      forward(request);
      forget_copies(request);
      break;
    case CacheEffect::look:
    case CacheEffect::list:
      forward(request);
      break;
  }
  inner_->count(request);
}

void TieredCache::read_copy(CacheRequest& request) {
  if (stopped()) return request.fail(closed());
  inner_->near.read_copy(request);
}

bool TieredCache::keep_ended(std::chrono::milliseconds time) noexcept {
  return inner_->near.keep_ended(time);
}

void TieredCache::forget_ended() noexcept {
  inner_->near.forget_ended();
}

void TieredCache::forget_copies(const CacheRequest& request) {
  auto& near = inner_->near;
  switch (request.subject()) {
    case CacheSubject::key:
      if (request.effect() == CacheEffect::prolong) return near.changed_end(request.key);
      (void)near.changed(request.key);
      return;
    case CacheSubject::batch:
      for (const auto key : request.keys)
        (void)near.changed(key);
      return;
    case CacheSubject::pattern:
      return near.changed_matching(request.key);
    case CacheSubject::everything:
      return near.clear();
  }
}

void TieredCache::store(CacheRequest& request) {
  auto& near = inner_->near;
  const auto ticket = near.ticket(request.key);
  forward(request);
  note_store(request, ticket);
}

void TieredCache::note_store(const CacheRequest& request, std::uint64_t ticket) {
  auto& near = inner_->near;
  if (layers::end_of(request).changed_keys(request) == 1)
    near.changed_to(request.key, request.value, effective_time_to_live(request.key, request.time_to_live),
                    ticket);
  else
    (void)near.changed(request.key);
}

void TieredCache::store_many(CacheRequest& batch) {
  auto& near = inner_->near;
  std::vector<tiered::NearTier::Ticket> tickets;
  tickets.reserve(batch.items());
  for (const auto& entry : batch.entries)
    tickets.push_back(near.ticket(entry.key));
  forward(batch);
  for (std::size_t item = 0; item < batch.items(); ++item) {
    const auto& entry = batch.entries[item];
    if (batch.error(item) == nullptr)
      near.changed_to(entry.key, entry.value, effective_time_to_live(entry.key, entry.time_to_live),
                      tickets[item]);
    else
      (void)near.changed(entry.key);
  }
}

// How long the entries still live that were found.
std::vector<Result<Remaining>> TieredCache::lives_of(std::span<const std::string_view> keys,
                                                     std::span<const Lookup> found) {
  std::vector<std::string_view> asked;
  for (std::size_t index = 0; index < keys.size(); ++index)
    if (found[index].ok() && !found[index].miss()) asked.push_back(keys[index]);
  std::vector<Result<Remaining>> answers(asked.size(), Result<Remaining>(Remaining()));
  if (!asked.empty())
    ask_below(CacheOperation::time_to_live_many, asked, std::span<Result<Remaining>>(answers));
  std::vector<Result<Remaining>> lives(keys.size(), Result<Remaining>(Remaining()));
  for (std::size_t index = 0, next = 0; index < keys.size(); ++index)
    if (found[index].ok() && !found[index].miss()) lives[index] = std::move(answers[next++]);
  return lives;
}

void TieredCache::read_many(CacheRequest& batch) {
  auto& inner = *inner_;
  if (stopped()) return forward(batch);
  const auto results = batch.results_as<Lookup>();
  std::vector<std::size_t> places;
  for (std::size_t item = 0; item < batch.items(); ++item) {
    Value value;
    if (const auto known = inner.known(batch.keys[item], value)) {
      results[item] = Lookup(*known, *known == Found::hit ? std::move(value) : Value());
    } else {
      places.push_back(item);
    }
  }
  if (places.empty()) return;
  detail::BatchPart part(batch, std::move(places));
  read_far(part.request());
  part.hand_back();
}

void TieredCache::read_far(CacheRequest& batch) {
  auto& inner = *inner_;
  std::vector<tiered::NearTier::Ticket> tickets;
  for (const auto key : batch.keys)
    tickets.push_back(inner.near.ticket(key));
  forward(batch);
  const auto answers = batch.results_as<Lookup>();
  const auto asked = inner.near.now();
  const auto left = lives_of(batch.keys, answers);
  for (std::size_t item = 0; item < answers.size(); ++item) {
    const auto& answer = answers[item];
    if (answer.failed()) {
      Inner::Counters::add(inner.calls.failures);
      continue;
    }
    inner.count_far(answer.miss() ? Found::miss : Found::hit);
    if (answer.miss())
      inner.near.fill_absent(batch.keys[item], tickets[item]);
    else if (left[item].ok())
      inner.near.fill(batch.keys[item],
                      answer.hit() ? std::optional(ByteView(answer.value().text())) : std::nullopt,
                      left[item].value(), asked, tickets[item]);
  }
}

}  // namespace cachesite
