// How a call puts what it has computed into the cache below.

#include "layers/remember/remember_call.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <utility>

namespace cachesite {

// A null never replaces a value that is there ahead of its end, or came while it was computed.
Result<bool> RememberCache::RememberCall::may_replace(const Lookup& lookup) {
  using Kind = StoredEntries::Mark::Kind;
  if (lookup.null() && seen_.missed && seen_.fresh) return false;
  const auto& mark = seen_.mark;
  const bool looks = mark.kind == Kind::plain || mark.kind == Kind::envelope ||
                     (mark.kind == Kind::absent && !tags_.empty());
  if (!looks || computation_.refresh) return true;
  return inner_.entries.still_has(key_, mark);
}

// A value that is not modified does not travel.
Result<bool> RememberCache::RememberCall::write(const Lookup& lookup, TimeToLive time_to_live) {
  const auto value = lookup.hit() ? std::optional(ByteView(lookup.value().text())) : std::nullopt;
  if (renews_)
    if (auto renewed = renew(time_to_live)) return *std::move(renewed);
  return write_sealed(value, time_to_live);
}

// Only the TTL is sent; nothing when the entry is gone.
std::optional<Result<bool>> RememberCache::RememberCall::renew(TimeToLive time_to_live) {
  auto life = time_to_live;
  if (inner_.entries.enveloped()) {
    life = cache_.below()->effective_time_to_live(key_, life);
    inner_.entries.note_end(key_, known_details_.mark.version, life);
    life = StoredEntries::with_stale(life, known_details_.stale_for);
  }
  const auto prolonged =
      cache_.ask_below<bool>(CacheRequest(CacheOperation::expire, key_, std::nullopt, life));
  if (prolonged.ok() && !prolonged.value()) return std::nullopt;
  return prolonged;
}

// Its header says the same for a new TTL, and it is what the store has.
bool RememberCache::RememberCall::keeps_its_header() const noexcept {
  if (known_details_.mark.kind != StoredEntries::Mark::Kind::envelope) return false;
  if (known_details_.mark != seen_.mark) return false;
  const bool same_etag = knowledge_.etag.empty() || knowledge_.etag == known_details_.etag;
  return same_etag && knowledge_.stale_for == known_details_.stale_for;
}

Result<bool> RememberCache::RememberCall::write_sealed(std::optional<ByteView> value,
                                                       TimeToLive time_to_live) {
  auto sealed = inner_.entries.seal(key_, value, time_to_live, knowledge_);
  if (!sealed.ok()) return sealed.error();
  const auto bytes = sealed.value().bytes_to_store();
  const auto life = sealed.value().time_to_live;
  if (!tags_.empty() && !cache_.stopped()) {
    const auto written = inner_.tagged->write_tagged(key_, bytes, life, tags_);
    return written.ok() ? Result<bool>(true) : written.error();
  }
  using Kind = StoredEntries::Mark::Kind;
  const auto seen = seen_.mark.kind;
  const bool is_new =
      (!value && seen_.missed && seen == Kind::unknown) || (seen == Kind::absent && !computation_.refresh);
  if (is_new) {
    const auto added = cache_.ask_below<bool>(CacheRequest(CacheOperation::add, key_, bytes, life));
    if (added.ok() || added.error().code() != ErrorCode::unsupported) return added;
  }
  const auto written = cache_.forward_write(key_, bytes, life);
  return written.ok() ? Result<bool>(true) : written.error();
}

}  // namespace cachesite
