// How a batch computes what is missing, and stores it.

#include "layers/remember/batch_item.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <deque>
#include <exception>
#include <optional>
#include <utility>

namespace cachesite {

using remembering::ComputingCounters;

namespace {

Error not_assigned() {
  return Error(ErrorCode::not_computed, "the factory has not assigned a result to the key");
}

bool is_not_assigned(const Result<Computed>& made) {
  return !made.ok() && made.error().code() == ErrorCode::not_computed &&
         made.error().message() == not_assigned().message();
}

}  // namespace

RememberCache::RememberBatch::Group RememberCache::RememberBatch::still_missing(const Group& group) {
  if (group.empty()) return group;
  Group missing;
  std::vector<std::string_view> keys;
  for (const Item* const item : group)
    keys.push_back(item->key);
  std::vector<Lookup> found(keys.size());
  std::vector<Details> details(keys.size());
  const auto changes = changes_of(keys);
  inner_.entries.read_many(keys, found, details);
  for (std::size_t place = 0; place < group.size(); ++place) {
    Item& item = *group[place];
    if (found[place].ok() && !found[place].miss() && !found[place].stale()) {
      inner_.further_hits.fetch_add(1);
      item.land(found[place]);
      item.answer(std::move(found[place]));
      continue;
    }
    if (found[place].ok()) inner_.further_misses.fetch_add(1);
    item.call.note_batch_seen(found[place], std::move(details[place]), changes[place]);
    auto answer =
        item.call.without_entry(found[place].ok() ? Result<Found>(Found::miss) : found[place].error());
    if (answer) {
      item.land(*answer);
      item.answer(*std::move(answer));
    } else {
      missing.push_back(&item);
    }
  }
  return missing;
}

void RememberCache::RememberBatch::compute(const Group& group) {
  if (group.empty()) return;
  auto made = call_factory(group);
  Outcomes outcomes;
  outcomes.reserve(group.size());
  for (std::size_t place = 0; place < group.size(); ++place)
    outcomes.push_back(group[place]->call.outcome_of(*group[place]->flight, std::move(made[place])));
  for (const auto place : superseded(group, outcomes))
    outcomes[place].time_to_live.reset();
  store(group, outcomes);
  for (std::size_t place = 0; place < group.size(); ++place)
    group[place]->land(outcomes[place].answer);
  for (std::size_t place = 0; place < group.size(); ++place)
    group[place]->answer(group[place]->call.or_stale(std::move(outcomes[place].answer)));
}

std::vector<Result<Computed>> RememberCache::RememberBatch::call_factory(const Group& group) {
  ComputingCounters::add(inner_.counters.factories);
  std::vector<std::string_view> keys;
  std::vector<Flight*> flights;
  for (const Item* const item : group) {
    keys.push_back(item->key);
    flights.push_back(item->flight.get());
  }
  inner_.foreign.begin(flights);
  std::vector<Result<Computed>> made(group.size(), Result<Computed>(not_assigned()));
  const auto begin = inner_.clock->now();
  try {
    many_.factory(keys, made);
  } catch (...) {
    const Error thrown = not_computed(std::current_exception());
    for (auto& each : made)
      if (is_not_assigned(each)) each = thrown;
  }
  const auto cost = (inner_.clock->now() - begin) / static_cast<std::int64_t>(group.size());
  inner_.note_cost(cost);
  for (Item* const item : group)
    item->call.knowledge_.cost = cost;
  return made;
}

/// The values of a batch on their way to the cache, in one batch of writes. As long as it exists, what would
/// outdate them waits.
class RememberCache::RememberBatch::Writes {
 public:
  Writes(RememberBatch& batch, std::size_t most) : batch_(batch) { written_.reserve(most); }

  void add(Item& item, const Lookup& value, TimeToLive time_to_live) {
    const bool late = batch_.flights_.is_retired(*item.flight);
    auto sealed = batch_.inner_.entries.seal(item.key, ByteView(value.value().text()), time_to_live,
                                             item.call.knowledge_);
    if (!sealed.ok()) return item.call.report(sealed.error());
    written_.push_back({item, value, time_to_live, late, Flight::Storing(*item.flight)});
    if (!written_.back().storing.allowed()) return;
    const auto& stored = sealed_.emplace_back(std::move(sealed).value());
    entries_.push_back({item.key, stored.bytes_to_store(), stored.time_to_live});
  }

  void send() {
    if (!entries_.empty()) ask();
    auto status = statuses_.begin();
    for (auto& each : written_)
      note(each, each.storing.allowed() ? *status++ : Status(Done{}));
  }

 private:
  struct Written {
    Item& item;
    const Lookup& value;
    TimeToLive time_to_live;
    bool late;
    Flight::Storing storing;
  };

  void ask() {
    statuses_.assign(entries_.size(), Status(Error(ErrorCode::no_memory)));
    CacheRequest request(CacheOperation::set_many);
    request.entries = entries_;
    request.results = std::span<Status>(statuses_);
    batch_.cache_.forward_guarded(request);
  }

  void note(Written& written, const Status& status) {
    const bool undone = written.storing.allowed() && written.storing.outdated();
    if (undone) (void)guarded_call<bool>([&] { return batch_.cache_.ask_below<bool>(removal_of(written)); });
    const bool stored = written.storing.allowed() && !undone;
    const auto failure = status.ok() ? std::nullopt : std::optional(status.error());
    written.item.call.note_stored(written.late, stored, failure, written.value, written.time_to_live);
  }

  static CacheRequest removal_of(const Written& written) {
    return CacheRequest(CacheOperation::remove, written.item.key);
  }

  RememberBatch& batch_;
  std::vector<Written> written_;
  std::deque<StoredEntries::Sealed> sealed_;
  std::vector<CacheEntry> entries_;
  std::vector<Status> statuses_;
};

// In envelopes, those whose entries have changed since they were read, or may have: one more batch tells, just before
// the write.
std::vector<std::size_t> RememberCache::RememberBatch::superseded(const Group& group,
                                                                  const Outcomes& outcomes) {
  using Kind = StoredEntries::Mark::Kind;
  std::vector<std::size_t> places, changed;
  std::vector<std::string_view> keys;
  for (std::size_t place = 0; place < group.size(); ++place) {
    const bool looks = each_.tags.empty() && outcomes[place].answer.hit() && outcomes[place].time_to_live;
    if (!looks || group[place]->call.seen_.mark.kind == Kind::unknown) continue;
    places.push_back(place);
    keys.push_back(group[place]->key);
  }
  if (keys.empty()) return changed;
  ReadLimits now;
  now.max_staleness = std::chrono::milliseconds(0);
  std::vector<Lookup> found(keys.size());
  std::vector<Details> details(keys.size());
  inner_.entries.read_many(keys, found, details, &now);
  for (std::size_t index = 0; index < keys.size(); ++index) {
    const auto& present = found[index];
    if (present.failed()) {
      group[places[index]]->call.report(present.error());
      changed.push_back(places[index]);
      continue;
    }
    inner_.note_further(!present.miss() && !present.stale());
    const auto kind = present.miss() ? Found::miss : present.hit() ? Found::hit : Found::null;
    const auto mark = StoredEntries::mark_of(kind, present.value(), details[index]);
    if (mark != group[places[index]]->call.seen_.mark) changed.push_back(places[index]);
  }
  return changed;
}

// What has tags goes alone, and so do nulls, which replace nothing.
void RememberCache::RememberBatch::store(const Group& group, const Outcomes& outcomes) {
  std::vector<std::size_t> together;
  for (std::size_t place = 0; place < group.size(); ++place) {
    const auto& [answer, time_to_live] = outcomes[place];
    Item& item = *group[place];
    if (!time_to_live) continue;
    if (!each_.tags.empty() || !answer.hit())
      item.call.store(*item.flight, item.lease.get(), answer, *time_to_live);
    else if (item.call.may_store(item.lease.get(), answer, *time_to_live))
      together.push_back(place);
  }
  for (const auto place : together)
    flights_.outdate_older(group[place]->key, *group[place]->flight);
  Writes writes(*this, together.size());
  for (const auto place : together)
    writes.add(*group[place], outcomes[place].answer, *outcomes[place].time_to_live);
  writes.send();
}

}  // namespace cachesite
