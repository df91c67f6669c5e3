#include "layers/tiered/copy_news.hpp"

#include "basics/delete_in_place.hpp"

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/logger.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace cachesite::tiered {

namespace {

using std::chrono::milliseconds;

constexpr std::int64_t nanoseconds_per_millisecond = 1'000'000;

std::int64_t wall_clock() noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

bool vouches(const ServerReport& server, milliseconds max_staleness) noexcept {
  const bool hears = server.state == "coherent" || server.state == "doubtful";
  return hears && server.proven_age <= max_staleness;
}

}  // namespace

CopyNews::CopyNews(NearTier& near, Sources sources, const FeedOptions& options,
                   std::shared_ptr<const TierListeners> told, std::function<bool()> stopped)
    : near_(near),
      feed_(sources.below.feed),
      prefix_(std::move(sources.below.prefix)),
      options_(options),
      told_(std::move(told)),
      stopped_(std::move(stopped)),
      since_(wall_clock()),
      bus_(std::move(sources.bus)) {
  if (bus_ == nullptr) return;
  bus_->when_changed([this] { take_all_states(); });
  bus_->when_settled([this] { return take_notice(); });
}

// The guard asks both whoever calls, so neither may be gone while the other still does.
CopyNews::~CopyNews() {
  if (bus_ != nullptr) bus_->end();
  basics::delete_in_place(watch_);
}

void CopyNews::watch() noexcept {
  const auto begun = guarded_call<Done>([&]() -> Status {
    begin_watch();
    if (const auto notice = take_notice()) notice();
    return Done{};
  });
  if (begun.ok() || complained_.exchange(true)) return;
  const std::array attributes{LogAttribute{"component", told_->label()},
                              LogAttribute{"reason", begun.error().message()}};
  told_->logger().write(LogLevel::error, "coherence", "the news of changes cannot be asked for", attributes);
}

void CopyNews::begin_watch() {
  const std::lock_guard lock(beginning_);
  if (has_begun()) return;
  if (bus_ != nullptr) bus_->begin();
  std::size_t servers = 1;
  if (feed_ != nullptr) {
    watch_ = feed_->watch(prefix_, options_, *this);
    near_.guard().attach(*watch_);
    servers = std::max<std::size_t>(watch_->servers().size(), 1);
  }
  begun_.store(true, std::memory_order_release);
  // What was told before is not known to the guard.
  for (std::size_t index = 0; index < servers && index < FeedServer::most; ++index)
    take_state({static_cast<std::uint16_t>(index)});
}

Status CopyNews::fence(milliseconds limit) noexcept {
  if (feed_ == nullptr)
    return Error(ErrorCode::unsupported, "a backplane cannot tell when all changes have come");
  begin();
  if (!has_begun()) return Error(ErrorCode::no_memory, "the news of changes cannot be asked for");
  return watch_->fence(limit);
}

void CopyNews::await_changes(milliseconds limit) noexcept {
  const auto vouched = guarded_call<bool>([&] { return report().state == Coherence::coherent; });
  if (vouched.value_or(false) && feed_ != nullptr) (void)watch_->fence(limit);
}

void CopyNews::on_changed(FeedServer, std::span<const std::string_view> keys) noexcept {
  if (stopped_()) return;
  messages_.fetch_add(1, relaxed);
  keys_.fetch_add(keys.size(), relaxed);
  std::uint64_t with_copy = 0;
  for (const auto key : keys)
    if (key.size() > prefix_.size() && key.starts_with(prefix_) &&
        near_.told_changed(key.substr(prefix_.size())))
      ++with_copy;
  if (with_copy != 0) keys_with_copy_.fetch_add(with_copy, relaxed);
}

// Copies that are not erased belong to an epoch that has ended.
void CopyNews::on_everything_changed(FeedServer, bool erase_stale) noexcept {
  if (stopped_()) return;
  everything_changed_.fetch_add(1, relaxed);
  if (erase_stale)
    near_.clear();
  else
    near_.void_all_tickets();
  near_.listeners.tell_everything_changed();
}

void CopyNews::on_served(FeedServer server) noexcept {
  if (!stopped_()) take_state(server);
}

// What the backplane vouches for has changed. The first server counts before it is asked about.
void CopyNews::take_all_states() noexcept {
  const auto servers = std::max<std::uint16_t>(near_.guard().servers(), 1);
  for (std::uint16_t index = 0; index < servers; ++index)
    take_state({index});
}

void CopyNews::take_state(FeedServer server) noexcept {
  (void)guarded_call<Done>([&]() -> Status {
    const std::lock_guard lock(state_);
    const auto now = near_.nanoseconds();
    const auto change = near_.guard().note_change(server.index, now);
    if (change.after == change.before) return Done{};
    if (change.after != 0) epochs_.fetch_add(1, relaxed);
    if (change.before != 0) near_.listeners.tell_everything_changed();
    if ((change.before == 0) == (change.after == 0)) return Done{};
    since_.store(wall_clock(), relaxed);
    change.after == 0 ? begin_gap(server, now) : end_gap(server, now);
    return Done{};
  });
}

void CopyNews::begin_gap(FeedServer server, std::int64_t now) {
  gaps_.fetch_add(1, relaxed);
  lost_at_[server.index] = now;
  untold_.push_back({server, true, {}});
}

void CopyNews::end_gap(FeedServer server, std::int64_t now) {
  const auto lost_at = std::exchange(lost_at_[server.index], 0);
  if (lost_at == 0) return untold_.push_back({server, false, {}});
  const auto took = (now - lost_at) / nanoseconds_per_millisecond;
  gap_milliseconds_.fetch_add(static_cast<std::uint64_t>(took), relaxed);
  untold_.push_back({server, false, took});
}

std::function<void()> CopyNews::take_notice() {
  const std::lock_guard one_at_a_time(telling_);
  std::vector<VouchedChange> changes;
  {
    const std::lock_guard lock(state_);
    changes.swap(untold_);
  }
  auto present = report();
  const auto before = std::exchange(told_state_, present.state);
  if (changes.empty()) {
    if (present.state == before) return {};
    since_.store(wall_clock(), relaxed);
    present.since = since();
  }
  return GapNotice(told_, std::move(changes), std::move(present));
}

std::chrono::system_clock::time_point CopyNews::since() const noexcept {
  const std::chrono::microseconds time(since_.load(relaxed));
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(time));
}

CoherenceReport CopyNews::report() const {
  CoherenceReport report;
  report.since = since();
  feed_ == nullptr ? report_backplane(report) : report_servers(report);
  return report;
}

void CopyNews::report_servers(CoherenceReport& report) const {
  if (has_begun()) report.servers = watch_->servers();
  report.state = Coherence::coherent;
  const bool stands_in = near_.guard().backplane_vouches(near_.nanoseconds());
  bool any = false;
  for (const auto& server : report.servers) {
    if (server.state == "stopped") continue;
    any = true;
    report.proven_age = std::max(report.proven_age, server.proven_age);
    if (report.state != Coherence::coherent || vouches(server, options_.max_staleness)) continue;
    report.state = stands_in ? Coherence::fallback : Coherence::pass_through;
    report.reason =
        (stands_in ? "only the backplane vouches for copies of " + server.address
                   : "no copies of " + server.address + " are served") +
        ": its news are missing: " + (server.reason.empty() ? std::string(server.state) : server.reason);
  }
  if (any) return;
  report.state = Coherence::pass_through;
  report.reason = has_begun() ? "no copies are served: no server is known yet"
                              : "no copies are served: nothing has been read yet";
}

void CopyNews::report_backplane(CoherenceReport& report) const {
  const auto state = bus_->state();
  report.proven_age = state.epoch == 0 ? milliseconds(0) : bus_->proven_age();
  const bool vouches = near_.guard().backplane_vouches(near_.nanoseconds());
  report.state = !vouches         ? Coherence::pass_through
                 : state.doubtful ? Coherence::fallback
                                  : Coherence::coherent;
  if (report.state == Coherence::coherent) return;
  auto reason = bus_->reason();
  if (reason.empty()) reason = "its own messages come back too late";
  report.reason = (vouches ? "copies are kept for a short time only: " : "no copies are served: ") + reason;
}

void CopyNews::fill(TierStatistics& statistics) const noexcept {
  statistics.news_messages = messages_.load(relaxed);
  statistics.news_keys = keys_.load(relaxed);
  statistics.news_keys_with_copy = keys_with_copy_.load(relaxed);
  statistics.everything_changed = everything_changed_.load(relaxed);
  statistics.epochs = epochs_.load(relaxed);
  statistics.gaps = gaps_.load(relaxed);
  statistics.gap_milliseconds = gap_milliseconds_.load(relaxed);
  if (bus_ != nullptr) bus_->fill(statistics);
}

}  // namespace cachesite::tiered
