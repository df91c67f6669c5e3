#include "layers/tiered/near_tier.hpp"

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/i_stale_store.hpp>
#include <cachesite/detail/stable_hash.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace cachesite::tiered {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t usual_counters = 64;
constexpr std::size_t counters_with_news = 1024;  // of each of 64 stripes

MemoryCacheOptions absent_options(std::uint64_t most) {
  MemoryCacheOptions options;
  options.max_size = most;
  return options;
}

MemoryCache* noted(ICache& copies) {
  auto* const memory = dynamic_cast<MemoryCache*>(&copies);
  if (memory == nullptr)
    throw std::invalid_argument("TieredCache: near: with coherence the near tier has to be a MemoryCache");
  memory->keep_notes();
  return memory;
}

TimeToLive shorter(TimeToLive time_to_live, TimeToLive near_ttl) noexcept {
  return time_to_live.expires() && time_to_live.count() < near_ttl.count() ? time_to_live : near_ttl;
}

std::int64_t nanoseconds_of(milliseconds time) noexcept {
  return std::chrono::nanoseconds(time).count();
}

}  // namespace

NearTier::NearTier(std::shared_ptr<ICache> copies, const Settings& settings, bool guarded,
                   const ComponentContext& context)
    : copies_(std::move(copies)),
      noted_(guarded ? noted(*copies_) : nullptr),
      settings_(settings),
      rules_(settings.near_ttl, settings.negative_ttl, settings.rules),
      clock_(context.clock),
      origin_(clock_->now()),
      absent_(absent_options(most_absent), context),
      changes_(guarded ? counters_with_news : usual_counters) {
  if (guarded) absent_.keep_notes();
  if (settings.keep_stale.count() > 0 && !keep_ended(settings.keep_stale))
    throw std::invalid_argument("TieredCache: keep_stale: the near tier does not keep ended entries");
  keep_ended_by_rules();
}

void NearTier::keep_ended_by_rules() {
  const auto longest = rules_.longest_stale();
  if (longest.count() > 0 && !keep_ended(longest))
    throw std::invalid_argument("TieredCache: rules: the near tier does not keep ended entries");
}

// A fill looks at the rules under the lock of its key, which the voiding of tickets takes.
void NearTier::set_rules(const std::vector<TierRule>& rules) {
  rules_.set(rules);
  clear();
  keep_ended_by_rules();
}

std::uint64_t NearTier::milliseconds_at(IClock::TimePoint time) const noexcept {
  const auto since = std::chrono::floor<milliseconds>(time - origin_).count();
  return std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(since, 0)), CopyNote::never - 1);
}

Remaining NearTier::left_until(std::uint64_t entry_end) const noexcept {
  if (entry_end == CopyNote::never) return {Remaining::State::no_expiry, {}};
  const auto present = milliseconds_at(now());
  const std::uint64_t left = entry_end > present ? entry_end - present : 1;
  return {Remaining::State::expires, milliseconds(left)};
}

std::optional<Found> NearTier::read_plain(std::string_view key, Value& destination) noexcept {
  const auto found = copies_->read(key, destination);
  if (found.ok() && found.value() != Found::miss) return found.value();
  if (knows_absent_.load(relaxed) && absent_.contains(key).value_or(false)) return Found::miss;
  return std::nullopt;
}

std::optional<Found> NearTier::read_vouched(std::string_view key, Value& destination, std::int64_t more,
                                            EntryLife& life) noexcept {
  Note note;
  std::int64_t now = 0;
  const auto found = noted_->read_noted(key, destination, note, now);
  if (found == Found::miss || !guard_.vouches_for(note, now, more)) return read_absent(key, more);
  life = {left_until(CopyNote::unpacked(note).entry_end), false, true, CopyNote::server_of(note)};
  return found;
}

std::optional<Found> NearTier::read_absent(std::string_view key, std::int64_t more) noexcept {
  if (!knows_absent_.load(relaxed)) return std::nullopt;
  Value nothing;
  Note note;
  std::int64_t now = 0;
  if (absent_.read_noted(key, nothing, note, now) == Found::miss || !guard_.vouches_for(note, now, more))
    return std::nullopt;
  return Found::miss;
}

std::optional<Found> NearTier::read_within(std::string_view key, Value& destination, const ReadLimits& limits,
                                           EntryLife& life) noexcept {
  if (!guarded()) {
    life.near = true;
    return read_plain(key, destination);
  }
  const auto more =
      limits.max_staleness && limits.max_staleness->count() > 0
          ? std::min<std::int64_t>(0, nanoseconds_of(*limits.max_staleness - settings_.max_staleness))
          : 0;
  return read_vouched(key, destination, more, life);
}

void NearTier::read_stale(CacheRequest& request) noexcept {
  if (const auto keep = rules_.terms_for(request.key).keep_stale)
    request.stale->longest = std::min(request.stale->longest, *keep);
  if (!guarded()) return copies_->perform(request);
  request.end(read_noted_stale(request.key, *request.destination, *request.stale));
}

// A copy that nobody vouches for is stale too: since its server was lost, or at most as long as it can have lived.
Result<Found> NearTier::read_noted_stale(std::string_view key, Value& destination,
                                         StaleRead& stale) noexcept {
  Note note{};
  const auto found =
      guarded_call<Found>([&] { return noted_->read_noted_stale(key, destination, stale, note); });
  const auto now = nanoseconds();
  if (!found.ok() || found.value() == Found::miss || stale.stale || guard_.vouches_for(note, now))
    return found;
  const auto lost = guard_.lost_for(note, now);
  stale.stale = true;
  stale.age = lost ? std::chrono::ceil<milliseconds>(std::chrono::nanoseconds(*lost))
                   : milliseconds(rules_.terms_for(key).near_ttl.count());
  stale.age = std::max(stale.age, milliseconds(1));
  return stale.age > stale.longest ? Found::miss : found;
}

bool NearTier::keep_ended(milliseconds time) noexcept {
  auto* const store = dynamic_cast<detail::IStaleStore*>(copies_.get());
  if (store == nullptr || !store->keep_ended(time)) return false;
  keeps_ended_.store(true, relaxed);
  return true;
}

void NearTier::forget_ended() noexcept {
  if (auto* const store = dynamic_cast<detail::IStaleStore*>(copies_.get())) store->forget_ended();
}

// What a copy of what the far tier has told gets; nothing when nobody vouches for it. The epoch is read first: one
// that begins afterwards has another generation.
std::optional<NearTier::Vouched> NearTier::note_for(const EntryLife& life, const Ticket& ticket,
                                                    TimeToLive longest) noexcept {
  Vouched vouched{{}, longest};
  if (!guarded()) return vouched;
  auto& note = vouched.note;
  note.server = guard_.place_of(life.server);
  const auto vouch = life.stale ? Guard::Vouch() : guard_.vouch_for(note.server, nanoseconds());
  note.epoch = vouch.epoch;
  if (vouch.longest_life) vouched.longest = shorter(TimeToLive(*vouch.longest_life), longest);
  if (note.epoch != 0 && guard_.generation() == ticket.generation) return vouched;
  fills_unvouched.fetch_add(1, relaxed);
  return std::nullopt;
}

void NearTier::fill(std::string_view key, std::optional<ByteView> value, const EntryLife& life,
                    IClock::TimePoint asked, const Ticket& ticket) noexcept {
  if (life.left.state == Remaining::State::absent) return;
  Held held(changes_, key);
  if (held.count() != ticket.changes) {
    fills_dropped.fetch_add(1, relaxed);
    return;
  }
  const auto terms = rules_.terms_for(key);
  const auto vouched = note_for(life, ticket, terms.near_ttl);
  if (!vouched) return;
  if (!terms.near) {
    fills_ruled_out.fetch_add(1, relaxed);
    return;
  }
  if (put(key, value, life.left, asked, *vouched, held, ticket.changes)) fills.fetch_add(1, relaxed);
  forget_absent(key);
}

// The copy ends before its entry: what has passed since the question is rounded up.
bool NearTier::put(std::string_view key, std::optional<ByteView> value, const Remaining& left,
                   IClock::TimePoint asked, Vouched vouched, const Held& held,
                   KeyChanges::Count count) noexcept {
  auto time_to_live = vouched.longest;
  if (left.state == Remaining::State::expires) {
    const auto end = asked + left.left - milliseconds(1);
    const auto rest = std::chrono::floor<milliseconds>(end - clock_->now());
    if (rest.count() < 1) return false;
    time_to_live = shorter(TimeToLive(rest), time_to_live);
    vouched.note.entry_end = milliseconds_at(end);
  }
  return keep_copy(key, value, time_to_live, vouched.note, held, count);
}

// A value that the near tier has no room for must not leave the one before it, nor may one stay that a hook of the
// near tier made out of date.
bool NearTier::keep_copy(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                         const CopyNote& note, const Held& held, KeyChanges::Count count) noexcept {
  const auto written =
      guarded()
          ? guarded_call<Done>([&] { return noted_->write_noted(key, value, time_to_live, note.packed()); })
          : copies_->write(key, value, time_to_live);
  const bool kept = written.ok() && held.count() == count;
  if (!kept) (void)copies_->remove(key);
  return kept;
}

void NearTier::fill_absent(std::string_view key, const EntryLife& life, const Ticket& ticket) noexcept {
  const Held held(changes_, key);
  const auto terms = rules_.terms_for(key);
  if (!terms.negative_ttl || !terms.near) return;
  if (held.count() != ticket.changes) {
    fills_dropped.fetch_add(1, relaxed);
    return;
  }
  const auto vouched = note_for(life, ticket, *terms.negative_ttl);
  if (!vouched) return;
  knows_absent_.store(true, relaxed);
  if (!guarded()) {
    (void)absent_.write(key, std::nullopt, *terms.negative_ttl);
    return;
  }
  (void)guarded_call<Done>(
      [&] { return absent_.write_noted(key, std::nullopt, vouched->longest, vouched->note.packed()); });
}

void NearTier::changed_to(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                          const Ticket& ticket) noexcept {
  if (guarded() && !guard_.keeps_own()) return static_cast<void>(changed(key));
  Held held(changes_, key);
  const bool alone = held.change() == ticket.changes;
  forget_absent(key);
  if (!alone) fills_dropped.fetch_add(1, relaxed);
  const auto terms = rules_.terms_for(key);
  const bool kept = alone && terms.near && keep_own(key, value, time_to_live, terms.near_ttl, ticket, held);
  if (!kept) (void)copies_->remove(key);
}

// Without a guard the copy lives as long as its entry from now on, and a failure has removed it.
bool NearTier::keep_own(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                        TimeToLive longest, const Ticket& ticket, const Held& held) noexcept {
  const auto vouched = note_for({}, ticket, longest);
  if (!vouched) return false;
  if (!guarded()) return keep_copy(key, value, shorter(time_to_live, longest), {}, held, ticket.changes + 1);
  const Remaining left = time_to_live.expires()
                             ? Remaining{Remaining::State::expires, milliseconds(time_to_live.count())}
                             : Remaining{Remaining::State::no_expiry, {}};
  return put(key, value, left, ticket.taken, *vouched, held, ticket.changes + 1);
}

bool NearTier::forget(std::string_view key) noexcept {
  forget_absent(key);
  return copies_->remove(key).value_or(false);
}

bool NearTier::changed(std::string_view key) noexcept {
  Held held(changes_, key);
  held.change();
  return forget(key);
}

bool NearTier::told_changed(std::string_view key) noexcept {
  const bool had_copy = forget_unless_ended(key);
  listeners.tell_changed(key);
  return had_copy;
}

bool NearTier::forget_unless_ended(std::string_view key) noexcept {
  Held held(changes_, key);
  held.change();
  if (!keeps_ended_.load(relaxed)) return forget(key);
  Value unused;
  StaleRead any{milliseconds::max()};
  Note note{};
  const auto found = guarded_call<Found>([&] { return noted_->read_noted_stale(key, unused, any, note); });
  const bool there = found.ok() && found.value() != Found::miss;
  const auto end = CopyNote::unpacked(note).entry_end;
  if (!there || end == CopyNote::never || end > milliseconds_at(now())) return forget(key);
  forget_absent(key);
  return true;
}

CopyReport NearTier::explain(std::string_view key) noexcept {
  CopyReport report;
  Value value;
  EntryLife life;
  if (!guarded()) {
    report.kind = copies_->read_with_life(key, value, life).value_or(Found::miss);
    report.served = report.present = report.kind != Found::miss;
    report.copy_left = life.left;
  } else {
    Note note{};
    std::int64_t now = 0;
    report.kind = noted_->read_noted(key, value, note, now);
    report.present = report.kind != Found::miss;
    explain_note(note, now, report);
    report.copy_left = copies_->time_to_live(key).value_or(Remaining());
  }
  if (report.kind == Found::hit) {
    report.bytes = value.size();
    report.hash = short_hash(value.text());
  }
  if (const auto place = rules_.place_for(key)) report.rule = static_cast<int>(*place);
  if (report.present) return report;
  const bool ruled_out = !rules_.terms_for(key).near;
  report.why_not = ruled_out ? "a rule says that there is no copy" : "there is no copy";
  return report;
}

void NearTier::explain_note(const Note& packed, std::int64_t now, CopyReport& report) noexcept {
  if (!report.present) return;
  const auto note = CopyNote::unpacked(packed);
  report.entry_left = left_until(note.entry_end);
  report.epoch = note.epoch;
  report.server = note.server;
  report.served_epoch = guard_.served_epoch(note.server);
  report.served = guard_.vouches_for(packed, now);
  if (report.served) return;
  if (note.epoch == 0)
    report.why_not = "something else has stored it";
  else if (report.served_epoch == 0)
    report.why_not = "nobody vouches for copies of its server";
  else if (report.served_epoch != note.epoch)
    report.why_not = "news of changes were missed since it was made";
  else
    report.why_not = "the news of its server are not known to be complete";
}

void NearTier::changed_end(std::string_view key) noexcept {
  if (!keeps_ended_.load(relaxed)) return static_cast<void>(changed(key));
  Held held(changes_, key);
  held.change();
  forget_absent(key);
  if (!copies_->expire(key, milliseconds(1)).ok()) (void)copies_->remove(key);
}

void NearTier::changed_matching(std::string_view pattern) noexcept {
  void_all_tickets();
  if (!copies_->remove_matching(pattern).ok()) (void)copies_->clear();
}

void NearTier::clear() noexcept {
  void_all_tickets();
  (void)copies_->clear();
  (void)static_cast<ICache&>(absent_).clear();
}

}  // namespace cachesite::tiered
