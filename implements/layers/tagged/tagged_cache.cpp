#include "basics/checked_options.hpp"
#include "layers/base/request_end.hpp"
#include "layers/tagged/tagged_cache_inner.hpp"
#include "layers/tagged/tagged_value.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace cachesite {

using layers::TaggedValue;
using layers::TagMark;

namespace {

TaggedCacheOptions checked(TaggedCacheOptions options) {
  if (!options.over.component()) throw std::invalid_argument("a TaggedCache needs a cache: over is not set");
  return checked_options("TaggedCache", std::move(options));
}

std::vector<std::string_view> distinct(std::span<const std::string_view> tags) {
  std::vector<std::string_view> sorted(tags.begin(), tags.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

Error damaged() {
  return Error(ErrorCode::corrupt, "the stored bytes are not a value with tags");
}

}  // namespace

TaggedCache::TaggedCache(TaggedCacheOptions options, const ComponentContext&)
    : CacheLayer(checked(options).over.component()), inner_(std::make_unique<Inner>(options, *below())) {}

TaggedCache::~TaggedCache() = default;

CacheStatistics TaggedCache::statistics() const {
  auto statistics = CacheLayer::statistics();
  const auto read = [](const Inner::Counter& counter) { return counter.load(std::memory_order_relaxed); };
  statistics.hits = read(inner_->hits);
  statistics.misses = read(inner_->misses);
  statistics.writes = read(inner_->writes);
  statistics.removals = read(inner_->removals);
  statistics.tag_evictions = read(inner_->tag_evictions);
  return statistics;
}

bool TaggedCache::is_reserved(std::string_view key) const noexcept {
  return key.starts_with(inner_->reserved);
}

// --- tags

Status TaggedCache::do_write_tagged(std::string_view key, std::optional<ByteView> value,
                                    TimeToLive time_to_live, std::span<const std::string_view> tags) {
  time_to_live = effective_time_to_live(key, time_to_live);  // the markers have to live as long
  auto refused = detail::refusal_of_entry(key, value, time_to_live);
  if (!refused) refused = check_entry_tags(tags);
  if (refused) return refuse(*std::move(refused));
  if (tags.empty()) return do_write(key, value, time_to_live);
  if (is_reserved(key)) return refuse(Inner::reserved_key());
  if (stopped()) return closed();
  const auto names = distinct(tags);

  if (!inner_->native) {
    auto written = inner_->sets->write(key, value, time_to_live, names);
    if (written.ok()) Inner::count(inner_->writes);
    return written;
  }
  const auto marks = inner_->markers.prepare(names, time_to_live);
  if (!marks.ok()) return marks.error();
  std::string stored;
  layers::encode_tagged(value ? std::optional(value->text()) : std::nullopt, marks.value(), stored);
  auto written = below()->write(key, ByteView(stored), time_to_live);
  if (written.ok()) Inner::count(inner_->writes);
  return written;
}

Result<std::uint64_t> TaggedCache::do_evict_tags(std::span<const std::string_view> tags) {
  if (auto refused = check_tags(tags)) return refuse(*std::move(refused));
  if (tags.empty()) return std::uint64_t{0};
  if (stopped()) return closed();
  const auto names = distinct(tags);
  const auto evicted = inner_->native ? inner_->markers.remove(names) : inner_->sets->evict(names);
  if (evicted.ok()) Inner::count(inner_->tag_evictions);
  return evicted;
}

// --- operations

void TaggedCache::do_begin(CacheRequest& request) {
  if (request.is_batch()) return begin_batch(request);
  if (layers::keys_of(request) == 1 && is_reserved(request.key))
    return request.fail(refuse(Inner::reserved_key()));
  switch (request.effect()) {
    case CacheEffect::read:
      return request.end(do_read(request.key, *request.destination));
    case CacheEffect::look:
      return request.operation == CacheOperation::time_to_live ? request.end(life_of(request.key))
                                                               : request.end(is_there(request.key));
    case CacheEffect::store:
      return store(request);
    case CacheEffect::count:
      return request.end(add_to_counter(request));
    case CacheEffect::prolong:
      return request.end(lengthen(request));
    case CacheEffect::remove:
      return request.subject() == CacheSubject::pattern ? request.end(remove_own(request))
                                                        : remove_known(request);
    case CacheEffect::list:
      return request.subject() == CacheSubject::pattern ? scan_own(request) : request.end(count_own());
  }
}

void TaggedCache::store(CacheRequest& request) {
  if (request.operation == CacheOperation::write)
    return request.end(do_write(request.key, request.value, request.time_to_live));
  request.end(request.operation == CacheOperation::add ? add_entry(request) : replace_entry(request));
}

void TaggedCache::remove_known(CacheRequest& request) {
  forward(request);
  inner_->count(request);
}

void TaggedCache::begin_batch(CacheRequest& batch) {
  pass_accepted(
      batch,
      [&](std::size_t item) {
        return is_reserved(batch.key_of(item)) ? std::optional(Inner::reserved_key()) : std::nullopt;
      },
      [this](CacheRequest& accepted) { pass_batch(accepted); });
}

void TaggedCache::pass_batch(CacheRequest& batch) {
  if (batch.operation == CacheOperation::get_many)
    read_untagged(batch.keys, batch.results_as<Lookup>());
  else if (batch.operation == CacheOperation::set_many)
    write_untagged(batch);
  else
    forward(batch);
  if (batch.operation == CacheOperation::time_to_live_many && inner_->native)
    drop_evicted(batch.keys, batch.results_as<Result<Remaining>>());
  inner_->count(batch);
}

// --- reading

Result<Found> TaggedCache::do_read(std::string_view key, Value& destination) {
  if (is_reserved(key)) return refuse(Inner::reserved_key());
  const auto found = forward_read(key, destination);
  if (!found.ok()) return found;
  if (found.value() != Found::hit || !inner_->native || !layers::looks_tagged(destination.text()))
    return inner_->count_read(found.value());
  const Value stored = std::move(destination);
  destination = Value();
  const auto tagged = layers::decode_tagged(stored.text());
  if (!tagged) return damaged();
  if (!tagged->marks.empty()) {
    const auto valid = inner_->markers.check(tagged->marks);
    if (!valid.ok()) return valid.error();
    if (std::count(valid.value().begin(), valid.value().end(), false) > 0)
      return inner_->count_read(Found::miss);
  }
  if (tagged->null) return inner_->count_read(Found::null);
  destination.assign(ByteView(tagged->payload));
  return inner_->count_read(Found::hit);
}

// An entry whose tags were evicted has no life left.
void TaggedCache::drop_evicted(std::span<const std::string_view> keys, std::span<Result<Remaining>> results) {
  std::vector<std::size_t> places;
  std::vector<std::string_view> present;
  for (std::size_t index = 0; index < keys.size(); ++index) {
    if (!results[index].ok() || results[index].value().state == Remaining::State::absent) continue;
    places.push_back(index);
    present.push_back(keys[index]);
  }
  if (present.empty()) return;
  std::vector<Lookup> found(present.size());
  read_untagged(present, found);
  for (std::size_t index = 0; index < places.size(); ++index) {
    if (found[index].failed())
      results[places[index]] = found[index].error();
    else if (found[index].miss())
      results[places[index]] = Remaining{};
  }
}

void TaggedCache::read_untagged(std::span<const std::string_view> keys, std::span<Lookup> results) {
  ask_below(CacheOperation::get_many, keys, results);

  struct Entry {
    std::size_t index;
    Value stored;
    std::optional<TaggedValue> value;
  };
  std::vector<Entry> entries;
  if (inner_->native)
    for (std::size_t index = 0; index < results.size(); ++index)
      if (results[index].hit() && layers::looks_tagged(results[index].value().text()))
        entries.push_back({index, std::move(results[index]).value(), {}});

  // One question for the markers of all of them.
  std::vector<TagMark> marks;
  for (auto& entry : entries) {
    entry.value = layers::decode_tagged(entry.stored.text());
    if (entry.value) marks.insert(marks.end(), entry.value->marks.begin(), entry.value->marks.end());
  }
  const auto valid =
      marks.empty() ? Result<std::vector<bool>>(std::vector<bool>()) : inner_->markers.check(marks);
  std::size_t mark = 0;
  for (const auto& [index, stored, value] : entries) {
    auto& result = results[index];
    if (!value) {
      result = Lookup(damaged());
      continue;
    }
    const auto count = value->marks.size();
    if (count > 0 && !valid.ok()) {
      result = Lookup(valid.error());
      continue;
    }
    bool present = true;
    for (std::size_t at = mark; at < mark + count; ++at)
      present = present && valid.value()[at];
    mark += count;
    if (!present)
      result = Lookup();
    else if (value->null)
      result = Lookup(Found::null, Value());
    else
      result = Lookup(Found::hit, Value(ByteView(value->payload)));
  }
}

Result<TaggedCache::State> TaggedCache::examine(std::string_view key, Value& stored,
                                                std::vector<TagMark>& marks) {
  const auto found = forward_read(key, stored);
  if (!found.ok()) return found.error();
  if (found.value() == Found::miss) return State::absent;
  if (found.value() != Found::hit || !inner_->native || !layers::looks_tagged(stored.text()))
    return State::untagged;
  auto tagged = layers::decode_tagged(stored.text());
  if (!tagged) return damaged();
  if (tagged->marks.empty()) return State::untagged;
  marks = std::move(tagged->marks);
  const auto valid = inner_->markers.check(marks);
  if (!valid.ok()) return valid.error();
  return std::count(valid.value().begin(), valid.value().end(), false) == 0 ? State::tagged : State::evicted;
}

Result<bool> TaggedCache::is_there(std::string_view key) {
  if (!inner_->native) return ask_below<bool>(CacheRequest(CacheOperation::contains, key));
  Value stored;
  std::vector<TagMark> marks;
  const auto state = examine(key, stored, marks);
  if (!state.ok()) return state.error();
  return state.value() == State::untagged || state.value() == State::tagged;
}

Result<Remaining> TaggedCache::life_of(std::string_view key) {
  auto remaining = ask_below<Remaining>(CacheRequest(CacheOperation::time_to_live, key));
  if (!inner_->native || !remaining.ok() || remaining.value().state == Remaining::State::absent)
    return remaining;
  const auto there = is_there(key);
  if (!there.ok()) return there.error();
  return there.value() ? remaining.value() : Remaining{};
}

}  // namespace cachesite
