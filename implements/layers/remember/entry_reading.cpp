#include "layers/remember/entry_reading.hpp"

#include "layers/remember/remember_inner.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <utility>

namespace cachesite {

using remembering::looks_enveloped;
using remembering::ValueEnvelope;

bool RememberCache::StoredEntries::Reading::go_on(CacheRequest& question) {
  switch (asking_) {
    case Asking::nothing:
      if (!entries_.enveloped() && limits_ == nullptr) return ask_for_value(question);
      return ask_for_entry(question);
    case Asking::value:
      found_ = question.answer<Found>();
      if (!found_.ok() || found_.value() != Found::hit || !looks_enveloped(destination_.text())) return false;
      entries_.cache_.inner_->note_further(true);
      return ask_for_entry(question);
    case Asking::entry:
      found_ = question.answer<Found>();
      return found_.ok() && found_.value() != Found::miss && open(question);
    case Asking::life:
      if (const auto* const left = question.answered<Remaining>()) details_.life.left = *left;
      return open(question);
  }
  return false;
}

bool RememberCache::StoredEntries::Reading::ask_for_value(CacheRequest& question) {
  asking_ = Asking::value;
  question = CacheRequest(CacheOperation::read, key_);
  question.destination = &destination_;
  return true;
}

bool RememberCache::StoredEntries::Reading::ask_for_entry(CacheRequest& question) {
  asking_ = Asking::entry;
  asked_.reset();
  question = CacheRequest(CacheOperation::read, key_);
  question.destination = &destination_;
  question.lives = {&details_.life, 1};
  question.limits = limits_;
  return true;
}

bool RememberCache::StoredEntries::Reading::open(CacheRequest& question) {
  const auto opened = entries_.open(found_.value(), key_, destination_, details_, nullptr, &asked_);
  if (!opened) {
    asking_ = Asking::life;
    question = CacheRequest(CacheOperation::time_to_live, key_);
    return true;
  }
  found_ = *opened;
  if (!has_ended_here(details_) || (limits_ != nullptr && limits_->max_staleness)) return false;
  details_ = Details();
  entries_.cache_.inner_->note_further(false);
  far_ = past_copies(limits_);
  limits_ = &far_;
  return ask_for_entry(question);
}

bool RememberCache::StoredEntries::BatchReading::go_on(CacheRequest& question) {
  switch (asking_) {
    case Asking::nothing:
      return ask_for_entries(question);
    case Asking::entries:
      if (!lives_.empty() && ask_for_lives(question)) return true;
      return open_all(question);
    case Asking::lives:
      take_lives();
      return open_all(question);
    case Asking::life:
      if (const auto* const left = question.answered<Remaining>()) details_[item_].life.left = *left;
      return open_all(question);
    case Asking::ended:
      if (far_reading_->go_on(question)) return true;
      take_ended_copies();
      return false;
  }
  return false;
}

bool RememberCache::StoredEntries::BatchReading::ask_for_entries(CacheRequest& question) {
  asking_ = Asking::entries;
  if (entries_.enveloped() || limits_ != nullptr) lives_.resize(keys_.size());
  question = CacheRequest(CacheOperation::get_many);
  question.keys = keys_;
  question.results = results_;
  question.lives = lives_;
  question.limits = limits_;
  return true;
}

// Of those that need them, and all at once: copies in memory do not tell.
bool RememberCache::StoredEntries::BatchReading::ask_for_lives(CacheRequest& question) {
  asking_ = Asking::lives;
  const auto* const ends = entries_.ends_.get();
  for (std::size_t item = 0; item < keys_.size(); ++item) {
    ValueEnvelope envelope;
    const bool told = lives_[item].stale || lives_[item].left.state != Remaining::State::absent;
    if (told || !results_[item].hit() || !looks_enveloped(results_[item].value().text())) continue;
    if (remembering::read_envelope(results_[item].value().text(), envelope) != nullptr) continue;
    if (envelope.stale_for.count() == 0 || (ends != nullptr && ends->end_of(keys_[item], envelope.version)))
      continue;
    part_.add(item, keys_[item]);
  }
  if (part_.keys.empty()) return false;
  left_.assign(part_.keys.size(), Result<Remaining>(Remaining()));
  question = CacheRequest(CacheOperation::time_to_live_many);
  question.keys = part_.keys;
  question.results = std::span(left_);
  return true;
}

void RememberCache::StoredEntries::BatchReading::take_lives() {
  for (std::size_t index = 0; index < part_.places.size(); ++index)
    if (left_[index].ok()) lives_[part_.places[index]].left = left_[index].value();
}

bool RememberCache::StoredEntries::BatchReading::open_all(CacheRequest& question) {
  for (; item_ < keys_.size(); ++item_) {
    if (!open(item_)) {
      asking_ = Asking::life;
      question = CacheRequest(CacheOperation::time_to_live, keys_[item_]);
      return true;
    }
    asked_.reset();
  }
  return (limits_ == nullptr || !limits_->max_staleness) && read_ended_copies(question);
}

// False when its TTL has to be asked for first.
bool RememberCache::StoredEntries::BatchReading::open(std::size_t item) {
  auto& result = results_[item];
  if (!result.ok() || result.miss() || (!entries_.enveloped() && !looks_enveloped(result.value().text())))
    return true;
  auto& details = details_[item];
  if (!asked_ && !lives_.empty()) details.life = lives_[item];
  const auto found = result.null() ? Found::null : Found::hit;
  Value value = std::move(result).value();
  std::optional<Found> opened;
  const auto tried = guarded_call<Done>([&]() -> Status {
    opened = entries_.open(found, keys_[item], value, details, nullptr, &asked_);
    return Done{};
  });
  if (!tried.ok()) {
    result = Lookup(tried.error());
    return true;
  }
  result = Lookup(opened.value_or(found), std::move(value));
  if (opened && *opened != Found::miss && details.stale) result.mark_stale();
  return opened.has_value();
}

bool RememberCache::StoredEntries::BatchReading::read_ended_copies(CacheRequest& question) {
  asking_ = Asking::ended;
  part_ = {};
  for (std::size_t item = 0; item < keys_.size(); ++item) {
    if (!has_ended_here(details_[item])) continue;
    entries_.cache_.inner_->note_further(false);
    part_.add(item, keys_[item]);
  }
  if (part_.keys.empty()) return false;
  far_ = past_copies(limits_);
  far_results_.resize(part_.keys.size());
  far_details_.resize(part_.keys.size());
  far_reading_ = std::make_unique<BatchReading>(entries_, part_.keys, far_results_, far_details_, &far_);
  return far_reading_->go_on(question);
}

void RememberCache::StoredEntries::BatchReading::take_ended_copies() {
  for (std::size_t index = 0; index < part_.places.size(); ++index) {
    results_[part_.places[index]] = std::move(far_results_[index]);
    details_[part_.places[index]] = std::move(far_details_[index]);
  }
}

}  // namespace cachesite
