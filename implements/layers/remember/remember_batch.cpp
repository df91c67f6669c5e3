#include "layers/remember/remember_batch.hpp"

#include "layers/remember/batch_item.hpp"
#include "layers/remember/key_in_text.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace cachesite {

using remembering::ComputingCounters;
using std::chrono::milliseconds;

namespace {

Computation settings_of_each(const ManyComputation& many) {
  Computation each;
  each.report = many.report;
  each.compute_without_cache = many.compute_without_cache;
  each.tags = many.tags;
  each.deadline = many.deadline;
  each.accept_stale = many.accept_stale;
  return each;
}

}  // namespace

RememberCache::RememberBatch::RememberBatch(RememberCache& cache, Keys keys,
                                            std::span<const TimeToLive> times_to_live,
                                            const ManyComputation& computation, std::span<Lookup> results)
    : cache_(cache),
      inner_(*cache.inner_),
      flights_(inner_.table.get()),
      many_(computation),
      each_(settings_of_each(computation)),
      results_(results),
      keys_(keys),
      times_to_live_(times_to_live),
      answers_(results) {
  collapse_duplicates(keys, times_to_live);
}

RememberCache::RememberBatch::~RememberBatch() = default;

void RememberCache::RememberBatch::collapse_duplicates(Keys keys, std::span<const TimeToLive> times_to_live) {
  std::unordered_map<std::string_view, std::size_t> known;
  for (std::size_t place = 0; place < keys.size(); ++place) {
    const auto [found, is_new] = known.try_emplace(keys[place], own_keys_.size());
    places_.push_back(found->second);
    if (!is_new) continue;
    own_keys_.push_back(keys[place]);
    own_times_to_live_.push_back(times_to_live[place]);
  }
  if (own_keys_.size() == keys.size()) return places_.clear();
  own_answers_.resize(own_keys_.size());
  keys_ = own_keys_;
  times_to_live_ = own_times_to_live_;
  answers_ = own_answers_;
}

void RememberCache::RememberBatch::hand_out() {
  for (std::size_t place = 0; place < places_.size(); ++place)
    results_[place] = answers_[places_[place]];
}

void RememberCache::RememberBatch::run() {
  const std::vector<std::string_view> tags(each_.tags.begin(), each_.tags.end());
  std::optional<Error> refused = ITaggedCache::check_entry_tags(tags);
  if (!tags.empty() && !inner_.tagged) refused.emplace(ErrorCode::unsupported, "the cache below has no tags");
  if (refused) {
    std::fill(results_.begin(), results_.end(), Lookup(*refused));
    return;
  }
  const auto landings = flights_.landings();
  read();
  board(landings);
  lead();
  lead_late();
  follow();
  hand_out();
}

void RememberCache::RememberBatch::read() {
  std::vector<Details> details(keys_.size());
  const auto changes = changes_of(keys_);
  inner_.entries.read_many(keys_, answers_, details);
  for (std::size_t place = 0; place < keys_.size(); ++place) {
    const Lookup& found = answers_[place];
    if (found.ok() && !found.miss() && !found.stale()) {
      refresh_ahead(place);
      continue;
    }
    auto& item = items_.emplace_back(*this, place);
    item.call.note_batch_seen(found, std::move(details[place]), changes[place]);
    if (auto answer = item.call.without_entry(found.ok() ? Result<Found>(Found::miss) : found.error()))
      item.answer(*std::move(answer));
  }
}

std::vector<std::uint64_t> RememberCache::RememberBatch::changes_of(Keys keys) const {
  std::vector<std::uint64_t> changes;
  if (inner_.entries.enveloped())
    for (const auto key : keys)
      changes.push_back(inner_.changes.of(key));
  changes.resize(keys.size());
  return changes;
}

// By the loader alone: the factory of this call makes what is missing.
void RememberCache::RememberBatch::refresh_ahead(std::size_t place) {
  if (!inner_.points || !inner_.loading || !each_.tags.empty()) return;
  if (!inner_.points->claim(keys_[place], *inner_.clock)) return;
  answers_[place] =
      RememberCall(cache_, keys_[place], times_to_live_[place], each_).renewed(std::move(answers_[place]));
}

void RememberCache::RememberBatch::board(std::uint64_t landings_before) {
  for (auto& item : items_) {
    if (item.answered()) continue;
    if (auto earlier = item.call.answer_of_earlier_failure()) {
      item.answer(*std::move(earlier));
      continue;
    }
    auto boarding = flights_.board(item.key, landings_before, each_.tags, inner_.flight_limits(),
                                   FlightTable::Joins::later);
    if (boarding.role == FlightTable::Role::leader) {
      item.lead(std::move(boarding.flight));
      item.looks_again = boarding.look_again;
    } else if (boarding.role == FlightTable::Role::passenger) {
      item.follow(std::move(boarding.flight));
    } else {
      item.answer(item.call.refused_boarding(boarding.role));
    }
  }
}

void RememberCache::RememberBatch::lead() {
  Group led, doubtful;
  for (auto& item : items_)
    if (item.leads()) (item.looks_again ? doubtful : led).push_back(&item);
  for (Item* const item : still_missing(doubtful)) {
    if (auto stale = item->call.serve_throttled()) {
      item->land(*stale);
      item->answer(*std::move(stale));
    } else {
      led.push_back(item);
    }
  }
  compute(inner_.options.locks.component() ? locked(led) : led);
}

// Those whose lock is held, or not needed. What others hold comes later.
RememberCache::RememberBatch::Group RememberCache::RememberBatch::locked(const Group& group) {
  Group free, held;
  for (Item* const item : group) {
    if (!item->call.seen_.readable && is_lenient()) {
      free.push_back(item);
      continue;
    }
    auto taken = item->call.lock(milliseconds(0));
    if (!taken.ok() || !taken.value()) {
      late_.push_back(item);
      continue;
    }
    item->lease = std::move(taken).value();
    held.push_back(item);
  }
  const auto missing = still_missing(held);
  free.insert(free.end(), missing.begin(), missing.end());
  return free;
}

void RememberCache::RememberBatch::lead_late() {
  std::sort(late_.begin(), late_.end(), [](const Item* left, const Item* right) {
    return remembering::mutex_name(left->key) < remembering::mutex_name(right->key);
  });
  Group ready;
  for (Item* const item : late_)
    if (lock_late(*item)) ready.push_back(item);
  const auto missing = still_missing(ready);
  called_again_ = !missing.empty();
  compute(missing);
}

// False when it has its answer: a failure.
bool RememberCache::RememberBatch::lock_late(Item& item) {
  ComputingCounters::add(inner_.counters.joined);
  const auto waited =
      std::chrono::duration_cast<milliseconds>(RememberCall::TimePoint::clock::now() - item.call.missed_at_);
  auto taken = item.call.lock(std::max(milliseconds(0), inner_.options.wait - waited));
  if (taken.ok() && !taken.value())
    taken =
        Error(ErrorCode::timeout, "another process has been computing the value under " +
                                      remembering::key_in_text(item.key) + " for longer than the wait limit");
  if (cache_.stopped()) taken = closed();
  if (taken.ok()) item.lease = std::move(taken).value();
  if (item.lease) return true;
  const Lookup failed(taken.error());
  if (is_lenient() && !cache_.stopped()) {
    item.call.report(taken.error());
    return true;
  }
  item.land(failed);
  item.answer(item.call.or_stale(failed));
  return false;
}

void RememberCache::RememberBatch::follow() {
  Group further;
  for (auto& item : items_) {
    if (item.answered() || !item.flight) continue;
    const auto role = flights_.join(*item.flight, inner_.flight_limits());
    if (role != FlightTable::Role::passenger) {
      item.answer(item.call.refused_boarding(role));
    } else if (auto answer = item.call.follow_within_wait(item.flight, false)) {
      item.answer(*std::move(answer));
    } else {
      further.push_back(&item);
    }
  }
  if (!further.empty()) compute_apart(further);
}

void RememberCache::RememberBatch::compute_apart(const Group& group) {
  Group begun;
  for (Item* const item : group) {
    if (called_again_) {
      item->answer(item->call.or_stale(Lookup(Error(
          ErrorCode::timeout, "another caller has been computing the value under " +
                                  remembering::key_in_text(item->key) + " for longer than the wait limit"))));
    } else if (auto apart = flights_.begin_apart(item->key, each_.tags, inner_.flight_limits())) {
      item->lead(std::move(apart));
      begun.push_back(item);
    } else {
      item->answer(item->call.refused_boarding(FlightTable::Role::exhausted));
    }
  }
  compute(begun);
}

}  // namespace cachesite
