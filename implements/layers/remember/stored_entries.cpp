#include "layers/remember/stored_entries.hpp"

#include "layers/remember/entry_reading.hpp"
#include "layers/remember/remember_inner.hpp"

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/stable_hash.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace cachesite {

using remembering::looks_enveloped;
using remembering::ValueEnvelope;
using std::chrono::milliseconds;

namespace {

// A long value stays where it has been read.
void leave_value(Value& stored, std::string_view value) {
  if (value.size() <= Value::inline_capacity) {
    Value copy{ByteView(value)};
    stored = std::move(copy);
    return;
  }
  const auto offset = value.data() - stored.text().data();
  const auto holder = std::make_shared<const Value>(std::move(stored));
  const auto* const begin = reinterpret_cast<const std::byte*>(holder->text().data() + offset);
  stored = Value();
  stored.share(std::shared_ptr<const std::byte>(holder, begin), value.size());
}

}  // namespace

RememberCache::StoredEntries::StoredEntries(RememberCache& cache, ValueForm form)
    : cache_(cache),
      form_(form),
      ends_(enveloped() ? std::make_unique<remembering::EntryEnds>() : nullptr),
      versions_(enveloped() ? std::make_unique<basics::PerProcess<remembering::ValueVersions>>() : nullptr) {}

Result<Found> RememberCache::StoredEntries::read(std::string_view key, Value& destination, Details& details,
                                                 const ReadLimits* limits) {
  Reading reading(*this, key, destination, details, limits);
  CacheRequest question(CacheOperation::read, key);
  ask(reading, question);
  return reading.found();
}

void RememberCache::StoredEntries::read_many(Keys keys, std::span<Lookup> results, std::span<Details> details,
                                             const ReadLimits* limits) {
  BatchReading reading(*this, keys, results, details, limits);
  CacheRequest question(CacheOperation::get_many);
  ask(reading, question);
}

// It can do without the TTL.
void RememberCache::StoredEntries::ask(Questions& questions, CacheRequest& question) {
  while (questions.go_on(question)) {
    if (question.operation == CacheOperation::time_to_live)
      cache_.forward_guarded(question);
    else
      cache_.forward(question);
  }
}

// Its TTL may have been prolonged by another process.
bool RememberCache::StoredEntries::has_ended_here(const Details& details) noexcept {
  return details.stale && details.life.near && details.mark.kind == Mark::Kind::envelope;
}

ReadLimits RememberCache::StoredEntries::past_copies(const ReadLimits* limits) noexcept {
  ReadLimits far = limits != nullptr ? *limits : ReadLimits();
  far.max_staleness = milliseconds(0);
  return far;
}

Result<Found> RememberCache::StoredEntries::read_opened(std::string_view key, Value& destination) {
  cache_.inner_->note_further(true);
  const ReadLimits usual;
  return reread(key, destination, &usual);
}

Result<Found> RememberCache::StoredEntries::reread(std::string_view key, Value& destination,
                                                   const ReadLimits* limits) {
  Details details;
  const auto found = read(key, destination, details, limits);
  if (!details.stale) return found;
  destination.clear();
  return Found::miss;
}

Result<Found> RememberCache::StoredEntries::read_copy(std::string_view key, Value& destination,
                                                      StaleRead& stale, Details& details) {
  const auto longest = stale.longest;
  if (enveloped()) stale.longest = milliseconds::max();
  auto found = cache_.forward_stale_read(key, destination, stale);
  stale.longest = longest;
  if (!found.ok() || found.value() == Found::miss) return found;
  Asked asked;
  Asked* const may_ask = enveloped() ? nullptr : &asked;
  auto opened = open(found.value(), key, destination, details, &stale, may_ask);
  if (!opened) {
    CacheRequest question(CacheOperation::time_to_live, key);
    cache_.forward_guarded(question);
    if (const auto* const left = question.answered<Remaining>()) details.life.left = *left;
    opened = open(found.value(), key, destination, details, &stale, may_ask);
  }
  stale.stale = details.stale;
  stale.age = details.age;
  return details.too_old(longest) ? Found::miss : opened.value_or(Found::miss);
}

std::optional<Found> RememberCache::StoredEntries::open(Found found, std::string_view key, Value& stored,
                                                        Details& details, const StaleRead* copy,
                                                        Asked* asked) {
  details.mark.kind = Mark::Kind::plain;
  details.stale = copy != nullptr ? copy->stale : details.life.stale;
  details.age = copy != nullptr ? copy->age : milliseconds(0);
  if (found == Found::hit && looks_enveloped(stored.text())) {
    const auto opened = open_envelope(key, stored, details, asked);
    if (!opened) return std::nullopt;
    found = *opened;
  }
  if (copy != nullptr) return found;
  if (details.stale || details.bad != nullptr)
    cache_.inner_->stale_reads.fetch_add(1, std::memory_order_relaxed);
  if (details.bad != nullptr) count_bad(details.bad);
  return found;
}

// With form plain, what only begins as an envelope does is the value itself, as it always was.
std::optional<Found> RememberCache::StoredEntries::open_envelope(std::string_view key, Value& stored,
                                                                 Details& details, Asked* asked) {
  ValueEnvelope envelope;
  const char* const reason = remembering::read_envelope(stored.text(), envelope);
  if (reason != nullptr) {
    if (!enveloped()) return Found::hit;
    details.bad = reason;
    details.mark.version = stable_hash(stored.text());
    details.stale = false;
    return Found::miss;
  }
  details.mark = {Mark::Kind::envelope, envelope.version};
  details.stale_for = envelope.stale_for;
  details.cost = envelope.cost;
  details.etag.assign(envelope.etag);
  const bool expires = envelope.stale_for.count() > 0 ||
                       details.life.left.state == Remaining::State::expires ||
                       (ends_ && ends_->end_of(key, envelope.version));
  if (expires && !settle_life(key, details, asked)) return std::nullopt;
  if (envelope.error) return Found::miss;
  if (!envelope.null) {
    leave_value(stored, envelope.value);
    return Found::hit;
  }
  stored.clear();
  return Found::null;
}

void RememberCache::StoredEntries::count_bad(const char* reason) {
  bad_envelopes.fetch_add(1, std::memory_order_relaxed);
  if (!told_of_bad_.exchange(true, std::memory_order_relaxed))
    cache_.inner_->logger->log(LogLevel::warning, "remember",
                               std::string("a stored value counts as missing: ") + reason +
                                   "; further ones are only counted (bad_envelopes)");
}

// From the life in the store to that of the value. False when that has to be asked for.
bool RememberCache::StoredEntries::settle_life(std::string_view key, Details& details, Asked* asked) {
  auto& left = details.life.left;
  if (left.state == Remaining::State::no_expiry) return true;
  const bool was_asked = asked != nullptr && asked->has_value();
  const auto now = was_asked ? **asked : cache_.inner_->clock->now();
  std::optional<IClock::TimePoint> end;
  if (left.state == Remaining::State::absent && ends_ && !was_asked)
    end = ends_->end_of(key, details.mark.version);
  if (left.state == Remaining::State::absent && !end && asked != nullptr && !was_asked) {
    *asked = now;
    return false;
  }
  if (left.state == Remaining::State::expires) {
    end = now + left.left - details.stale_for;
    if (ends_) ends_->note(key, details.mark.version, *end);
  }
  left = Remaining();
  if (!end || *end <= now) {
    // One whose end nobody knows is too old for everybody.
    details.stale = details.ended = true;
    details.age =
        end ? std::max(milliseconds(1), std::chrono::ceil<milliseconds>(now - *end)) : milliseconds::max();
    return true;
  }
  left = {Remaining::State::expires, std::chrono::ceil<milliseconds>(*end - now)};
  return true;
}

RememberCache::StoredEntries::Mark RememberCache::StoredEntries::mark_of(Found found, const Value& value,
                                                                         const Details& details) noexcept {
  Mark mark = details.mark;
  if (mark.kind == Mark::Kind::plain && details.bad == nullptr)
    mark.version = found == Found::hit ? stable_hash(value.text()) : 0;
  if (mark.kind == Mark::Kind::unknown && found == Found::miss) mark.kind = Mark::Kind::absent;
  return mark;
}

// Only the store knows, whatever copies say.
Result<bool> RememberCache::StoredEntries::still_has(std::string_view key, const Mark& mark) {
  ReadLimits now;
  now.max_staleness = milliseconds(0);
  Value value;
  Details details;
  const auto found = guarded_call<Found>([&] { return read(key, value, details, &now); });
  if (!found.ok()) return found.error();
  cache_.inner_->note_further(found.value() != Found::miss && !details.stale);
  return mark_of(found.value(), value, details) == mark;
}

void RememberCache::StoredEntries::note_end(std::string_view key, std::uint64_t version,
                                            TimeToLive life) noexcept {
  if (ends_ && life.expires()) ends_->note(key, version, cache_.inner_->clock->now() + life.milliseconds());
}

TimeToLive RememberCache::StoredEntries::with_stale(TimeToLive life, milliseconds stale_for) noexcept {
  if (!life.expires()) return life;
  return TimeToLive::Milliseconds(
      std::min(life.count() + std::int64_t{stale_for.count()}, TimeToLive::longest.count()));
}

// What a cache below makes of the longer TTL, it makes of the part behind the value's own.
Result<RememberCache::StoredEntries::Sealed> RememberCache::StoredEntries::seal(std::string_view key,
                                                                                std::optional<ByteView> value,
                                                                                TimeToLive time_to_live,
                                                                                const Knowledge& knowledge) {
  Sealed sealed{{}, value, time_to_live};
  if (!enveloped()) return sealed;
  const auto& below = *cache_.below();
  const auto life = below.effective_time_to_live(key, time_to_live);
  ValueEnvelope envelope;
  if (life.expires()) {
    const auto stale = knowledge.stale_for.value_or(cache_.inner_->rules.terms_for(key).stale);
    sealed.time_to_live = with_stale(life, std::clamp(stale, milliseconds(0), ValueEnvelope::longest_stale));
    const auto whole = below.effective_time_to_live(key, sealed.time_to_live);
    envelope.stale_for = milliseconds(std::max<std::int64_t>(0, whole.count() - life.count()));
  }
  envelope.null = !value;
  envelope.version = versions_->get().next();
  note_end(key, envelope.version, life);
  envelope.cost = std::chrono::duration_cast<std::chrono::microseconds>(knowledge.cost);
  if (knowledge.etag.size() <= ValueEnvelope::longest_etag) envelope.etag = knowledge.etag;
  if (value) envelope.value = value->text();
  if (ValueEnvelope::header_size + envelope.etag.size() + envelope.value.size() > ICache::largest_value)
    return Error(ErrorCode::too_large, "a value is at most 512 MiB long, with its envelope");
  remembering::write_envelope(envelope, sealed.envelope);
  return sealed;
}

}  // namespace cachesite
