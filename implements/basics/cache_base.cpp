#include "basics/partial_removal.hpp"

#include <cachesite/cache_base.hpp>
#include <cachesite/detail/guarded_call.hpp>

namespace cachesite {

namespace {

Error unsupported(CacheOperation operation) {
  return Error(ErrorCode::unsupported, "this cache does not offer " + std::string(to_string(operation)));
}

}  // namespace

void CacheBase::do_begin(CacheRequest& request) {
  switch (request.operation) {
    case CacheOperation::read:
      return request.end(begin_read(request));
    case CacheOperation::write:
      return request.end(do_write(request.key, request.value, request.time_to_live));
    case CacheOperation::add:
      return request.end(do_add(request.key, request.value, request.time_to_live));
    case CacheOperation::replace:
      return request.end(do_replace(request.key, request.value, request.time_to_live));
    case CacheOperation::increment:
      return request.end(do_increment(request.key, request.by, request.time_to_live));
    case CacheOperation::remove:
      return request.end(do_remove(request.key));
    case CacheOperation::contains:
      return request.end(do_contains(request.key));
    case CacheOperation::time_to_live:
      return request.end(do_time_to_live(request.key));
    case CacheOperation::expire:
      return request.end(do_expire(request.key, request.time_to_live));
    case CacheOperation::persist:
      return request.end(do_persist(request.key));
    case CacheOperation::get_many:
      return request.lives.empty() ? do_read_many(request.keys, request.results_as<Lookup>())
                                   : do_read_with_life_many(request.keys, request.results_as<Lookup>(),
                                                            request.lives, request.read_limits());
    case CacheOperation::set_many:
      return do_write_many(request.entries, request.results_as<Status>());
    case CacheOperation::remove_many:
      return do_remove_many(request.keys, request.results_as<Result<bool>>());
    case CacheOperation::time_to_live_many:
      return do_time_to_live_many(request.keys, request.results_as<Result<Remaining>>());
    case CacheOperation::scan:
      return request.end(do_scan(request.key, *request.position, *request.found));
    case CacheOperation::remove_matching:
      return request.end(do_remove_matching(request.key));
    case CacheOperation::clear:
      return request.end(do_clear());
    case CacheOperation::size:
      return request.end(do_size());
  }
}

Result<Found> CacheBase::begin_read(const CacheRequest& request) {
  Value& destination = *request.destination;
  if (request.stale != nullptr) return do_read_stale(request.key, destination, *request.stale);
  if (request.lives.empty()) return do_read(request.key, destination);
  return do_read_with_life(request.key, destination, request.lives.front(), request.read_limits());
}

Result<bool> CacheBase::do_add(std::string_view, std::optional<ByteView>, TimeToLive) {
  return unsupported(CacheOperation::add);
}
Result<bool> CacheBase::do_replace(std::string_view, std::optional<ByteView>, TimeToLive) {
  return unsupported(CacheOperation::replace);
}
Result<std::int64_t> CacheBase::do_increment(std::string_view, std::int64_t, TimeToLive) {
  return unsupported(CacheOperation::increment);
}
Result<bool> CacheBase::do_expire(std::string_view, TimeToLive) {
  return unsupported(CacheOperation::expire);
}
Result<bool> CacheBase::do_persist(std::string_view) {
  return unsupported(CacheOperation::persist);
}
Status CacheBase::do_scan(std::string_view, ScanPosition&, std::vector<std::string>&) {
  return unsupported(CacheOperation::scan);
}
Result<std::uint64_t> CacheBase::do_size() {
  return unsupported(CacheOperation::size);
}

Result<Found> CacheBase::do_read_stale(std::string_view key, Value& destination, StaleRead&) {
  return do_read(key, destination);
}

// A life that stays unknown is asked for by whoever wants to know it (see complete_lives).
Result<Found> CacheBase::do_read_with_life(std::string_view key, Value& destination, EntryLife&,
                                           const ReadLimits&) {
  return do_read(key, destination);
}
void CacheBase::do_read_with_life_many(std::span<const std::string_view> keys, std::span<Lookup> results,
                                       std::span<EntryLife>, const ReadLimits&) {
  do_read_many(keys, results);
}

void CacheBase::do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) {
  for (std::size_t index = 0; index < keys.size(); ++index)
    results[index] = get(keys[index]);
}
void CacheBase::do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) {
  for (std::size_t index = 0; index < entries.size(); ++index)
    results[index] = write(entries[index].key, entries[index].value, entries[index].time_to_live);
}
void CacheBase::do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) {
  for (std::size_t index = 0; index < keys.size(); ++index)
    results[index] = remove(keys[index]);
}
void CacheBase::do_time_to_live_many(std::span<const std::string_view> keys,
                                     std::span<Result<Remaining>> results) {
  for (std::size_t index = 0; index < keys.size(); ++index)
    results[index] = time_to_live(keys[index]);
}

Result<std::uint64_t> CacheBase::do_remove_matching(std::string_view pattern) {
  return remove_by_scan(*this, pattern);
}

Status CacheBase::do_clear() {
  const auto removed = do_remove_matching("*");
  if (!removed.ok()) return removed.error();
  return Done{};
}

Result<std::uint64_t> remove_by_scan(ICache& cache, std::string_view pattern) {
  basics::PartialRemoval removal;
  const auto step = [&](ScanPosition& position) {
    std::vector<std::string> found;
    if (const auto scanned = cache.scan(pattern, position, found); !scanned.ok())
      return removal.failed(scanned.error());
    const std::vector<std::string_view> keys(found.begin(), found.end());
    for (const auto& removed : cache.remove_many(std::span<const std::string_view>(keys)))
      removal.add(removed);
  };
  try {
    for (ScanPosition position; removal.ok() && !position.finished;)
      step(position);
  } catch (...) {
    removal.failed(thrown_failure());
  }
  return removal.result();
}

}  // namespace cachesite
