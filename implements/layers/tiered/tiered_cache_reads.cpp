#include "layers/tiered/tiered_cache_inner.hpp"

#include <cachesite/detail/batch_part.hpp>
#include <cachesite/tiered_cache.hpp>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace cachesite {

Result<Found> TieredCache::do_read(std::string_view key, Value& destination) {
  auto& inner = *inner_;
  if (stopped()) return inner.failed(closed());
  const auto known = inner.near.read(key, destination);
  if (!known) [[unlikely]]
    return read_unknown(key, destination);
  inner.count_known(key, *known);
  return *known;
}

// Apart, so that a hit has no room for a request on its stack.
[[gnu::noinline]] Result<Found> TieredCache::read_unknown(std::string_view key, Value& destination) {
  EntryLife life;
  if (auto answer = inner_->answer_unvouched(key, destination, {}, life)) return *std::move(answer);
  CacheRequest read(CacheOperation::read, key);
  read.destination = &destination;
  read.lives = {&life, 1};
  auto found = fetch(read);
  if (found.ok()) return found;
  const auto stale = inner_->copy_instead(key, destination, found.error(), {}, life);
  return stale ? Result<Found>(*stale) : std::move(found);
}

// The far tier, once it has lost what it has to. Nothing is thrown once it was asked: what it may have changed
// has to be forgotten.
void TieredCache::ask_far(CacheRequest& request) {
  auto* const recovery = inner_->recovery.get();
  const auto ask = [&](CacheRequest& settled) {
    settled.lives.empty() ? forward_guarded(settled) : forward_with_lives(settled);
    inner_->note_answer(settled);
  };
  if (recovery == nullptr) return ask(request);
  const auto settled = recovery->settle(request);
  if (settled.ok()) return ask(request);
  if (!request.is_batch()) return request.fail(settled.error());
  auto others = recovery->fail_owed(request, settled.error());
  if (others.empty()) return;
  detail::BatchPart part(request, std::move(others));
  ask(part.request());
  part.hand_back();
}

Result<Found> TieredCache::fetch(CacheRequest& read) {
  auto& inner = *inner_;
  const auto ticket = inner.near.ticket(read.key);
  const auto asked = inner.near.now();
  ask_far(read);
  const auto found = read.answer<Found>();
  if (!found.ok()) return inner.failed(found.error());
  inner.count_far(found.value());
  inner.keep(read.key, found.value(), *read.destination, read.lives.front(), asked, ticket);
  return found;
}

Result<Found> TieredCache::answer_with_life(CacheRequest& request) {
  auto& inner = *inner_;
  if (stopped()) return inner.failed(closed());
  const auto limits = request.read_limits();
  Value& destination = *request.destination;
  EntryLife& life = request.lives.front();
  if (inner.may_answer(limits))
    if (const auto known = inner.known_within(request.key, destination, limits, life)) return *known;
  life = EntryLife();
  if (auto answer = inner.answer_unvouched(request.key, destination, limits, life)) return *std::move(answer);
  auto found = fetch(request);
  if (found.ok()) return found;
  const auto stale = inner.copy_instead(request.key, destination, found.error(), limits, life);
  return stale ? Result<Found>(*stale) : std::move(found);
}

void TieredCache::read_many(CacheRequest& batch) {
  if (stopped()) return forward(batch);
  auto places = inner_->answer_items(batch);
  if (places.empty()) return;
  detail::BatchPart part(batch, std::move(places));
  FarReads reads(*inner_, part.request());
  ask_far(part.request());
  reads.take(part.request());
  part.hand_back();
}

std::vector<std::size_t> TieredCache::Inner::answer_items(const CacheRequest& batch) {
  const auto limits = batch.read_limits();
  const bool near_first = may_answer(limits);
  std::vector<std::size_t> places;
  for (std::size_t item = 0; item < batch.items(); ++item)
    if (!answer_item(batch, item, limits, near_first)) places.push_back(item);
  return places;
}

// An item of a batch without the far tier; false when that has to be asked.
bool TieredCache::Inner::answer_item(const CacheRequest& batch, std::size_t item, const ReadLimits& limits,
                                     bool near_first) {
  auto& result = batch.results_as<Lookup>()[item];
  Value value;
  EntryLife life;
  const auto key = batch.keys[item];
  std::optional<Found> known;
  if (near_first)
    known = batch.lives.empty() ? this->known(key, value) : known_within(key, value, limits, life);
  const auto answer =
      known ? std::optional(Result<Found>(*known)) : answer_unvouched(key, value, limits, life);
  if (!answer) return false;
  if (!batch.lives.empty()) batch.lives[item] = life;
  if (!answer->ok()) {
    result = Lookup(answer->error());
    return true;
  }
  result = Lookup(answer->value(), answer->value() == Found::hit ? std::move(value) : Value());
  if (life.stale) result.mark_stale();
  return true;
}

TieredCache::FarReads::FarReads(Inner& inner, CacheRequest& batch)
    : inner_(inner), lives_(batch.lives.empty() ? batch.items() : 0), asked_(inner.near.now()) {
  if (!lives_.empty()) batch.lives = lives_;
  tickets_.reserve(batch.items());
  for (const auto key : batch.keys)
    tickets_.push_back(inner.near.ticket(key));
}

void TieredCache::FarReads::take(const CacheRequest& answered) {
  const auto answers = answered.results_as<Lookup>();
  for (std::size_t item = 0; item < answers.size(); ++item) {
    const auto& answer = answers[item];
    if (answer.failed()) {
      Inner::Counters::add(inner_.calls.failures);
      take_copy_instead(answered, item);
      continue;
    }
    const auto found = answer.miss() ? Found::miss : answer.hit() ? Found::hit : Found::null;
    inner_.count_far(found);
    inner_.keep(answered.keys[item], found, answer.value(), answered.lives[item], asked_, tickets_[item]);
  }
}

void TieredCache::FarReads::take_copy_instead(const CacheRequest& batch, std::size_t item) {
  auto& result = batch.results_as<Lookup>()[item];
  Value value;
  const auto found =
      inner_.copy_instead(batch.keys[item], value, result.error(), batch.read_limits(), batch.lives[item]);
  if (!found) return;
  result = Lookup(*found, *found == Found::hit ? std::move(value) : Value());
  result.mark_stale();
}

}  // namespace cachesite
