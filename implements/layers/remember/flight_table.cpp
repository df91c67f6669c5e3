#include "layers/remember/flight_table.hpp"

#include <cachesite/detail/time_span.hpp>

#include <algorithm>
#include <utility>

namespace cachesite::remembering {

namespace {

Lookup closed_result() {
  return Lookup(Error(ErrorCode::closed, "the cache is stopped"));
}

}  // namespace

bool Flight::begin_storing() {
  std::unique_lock lock(mutex_);
  stored_.wait(lock, [this] { return storing_ == std::thread::id(); });
  if (!outdated_) storing_ = std::this_thread::get_id();
  return !outdated_;
}

// Changes that come while others are told wait behind them, so that they keep their order.
void Flight::end_storing() noexcept {
  std::unique_lock lock(mutex_);
  storing_ = {};
  stored_.notify_all();
  while (!store_watchers_.empty()) {
    telling_ = std::this_thread::get_id();
    auto watchers = std::exchange(store_watchers_, {});
    lock.unlock();
    for (const auto& watcher : watchers)
      watcher->stored();
    watchers.clear();
    lock.lock();
  }
  telling_ = {};
}

bool Flight::outdated_by_store() {
  const std::lock_guard lock(mutex_);
  return outdated_by_store_;
}

bool Flight::is_outdated() const {
  const std::lock_guard lock(mutex_);
  return outdated_;
}

void Flight::make_outdated() {
  if (begin_outdating()) await_store();
}

bool Flight::begin_outdating() {
  const std::lock_guard lock(mutex_);
  outdated_ = true;
  if (storing_ == std::this_thread::get_id()) outdated_by_store_ = true;
  return others_are_busy();
}

bool Flight::others_are_busy() const noexcept {
  const auto busy = storing_ != std::thread::id() ? storing_ : telling_;
  return busy != std::thread::id() && busy != std::this_thread::get_id();
}

void Flight::await_store() {
  std::unique_lock lock(mutex_);
  stored_.wait(lock, [this] { return storing_ == std::thread::id(); });
}

bool Flight::watch_store(const std::shared_ptr<StoreWatcher>& watcher) {
  const std::lock_guard lock(mutex_);
  if (!others_are_busy()) return false;
  store_watchers_.push_back(watcher);
  return true;
}

void Flight::unwatch_store(const StoreWatcher& watcher) noexcept {
  std::shared_ptr<StoreWatcher> gone;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(store_watchers_.begin(), store_watchers_.end(),
                                  [&](const auto& each) { return each.get() == &watcher; });
  if (found == store_watchers_.end()) return;
  gone = std::move(*found);
  store_watchers_.erase(found);
}

bool Flight::outdate_from_elsewhere(Told told) noexcept {
  if (!heeds_elsewhere_.load()) return false;
  const std::lock_guard lock(mutex_);
  const bool storing = storing_ != std::thread::id();
  if (storing && told == Told::of_all) return false;
  outdated_ = true;
  if (storing) outdated_by_store_ = true;
  return true;
}

// A thread waits for one flight at most, so the chain from leader to leader has no branches. A flight that
// has landed keeps nobody waiting, though those who waited for it may not have woken yet.
bool FlightTable::needs_this_thread(const Flight& flight) const {
  const auto self = std::this_thread::get_id();
  for (const Flight* next = &flight;;) {
    if (next->result_) return false;
    if (next->leader_ == self) return true;
    const auto waits = waiting_.find(next->leader_);
    if (waits == waiting_.end()) return false;
    next = waits->second;
  }
}

FlightTable::Role FlightTable::join_locked(Flight& flight, const Limits& limits) {
  if (needs_this_thread(flight)) return Role::circular;
  if (flight.waiting_ >= limits.most_waiting) return Role::crowded;
  waiting_.emplace(std::this_thread::get_id(), &flight);
  ++flight.waiting_;
  return Role::passenger;
}

bool FlightTable::is_circular(const Flight& flight) const {
  const std::lock_guard lock(mutex_);
  return needs_this_thread(flight);
}

FlightTable::Role FlightTable::join(Flight& flight, const Limits& limits) {
  const std::lock_guard lock(mutex_);
  return join_locked(flight, limits);
}

FlightTable::Boarding FlightTable::board(std::string_view key, std::uint64_t landings_before,
                                         std::span<const std::string> tags, const Limits& limits,
                                         Joins joins) {
  std::shared_ptr<Flight> retired;  // told to stop without the lock
  Boarding boarding{Role::leader, nullptr};
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = flights_.find(key); found != flights_.end()) {
      if (joins == Joins::now && needs_this_thread(*found->second)) return {Role::circular, nullptr};
      const bool late =
          limits.hard.count() > 0 &&
          Flight::TimePoint::clock::now() >= found->second->begun + TimeSpan(limits.hard).milliseconds();
      if (!late) {
        if (joins == Joins::later) return {Role::passenger, found->second};
        const Role role = join_locked(*found->second, limits);
        return {role, role == Role::passenger ? found->second : nullptr};
      }
      retired = found->second;
      retire(found);
      retired_by_boarding_.fetch_add(1);
    }
    if (is_exhausted(limits)) {
      boarding.role = Role::exhausted;
    } else {
      boarding.flight = std::make_shared<Flight>(tags);
      flights_.emplace(std::string(key), boarding.flight);
      under_way_.fetch_add(1);
      boarding.look_again = landings_.load() != landings_before;
    }
  }
  if (retired) retired->stop.request_stop();
  return boarding;
}

void FlightTable::hand_over(Flight& flight) {
  const std::lock_guard lock(mutex_);
  flight.leader_ = {};
}

void FlightTable::lead(Flight& flight) {
  const std::lock_guard lock(mutex_);
  flight.leader_ = std::this_thread::get_id();
}

std::optional<Lookup> FlightTable::wait(Flight& flight, TimePoint deadline) {
  const auto self = std::this_thread::get_id();
  {
    std::unique_lock lock(mutex_);
    if (waiting_.try_emplace(self, &flight).second) ++flight.waiting_;
    flight.landed_.wait_until(lock, deadline, [&] { return flight.result_ || closed_.load(); });
    waiting_.erase(self);
    --flight.waiting_;
    if (!flight.result_) return std::nullopt;
  }
  return flight.result_;
}

FlightTable::Role FlightTable::watch(Flight& flight, const std::shared_ptr<FlightWatcher>& watcher,
                                     std::size_t most_waiting) {
  {
    const std::lock_guard lock(mutex_);
    if (!flight.result_ && !closed_.load()) {
      if (flight.waiting_ >= most_waiting) return Role::crowded;
      flight.watchers_.push_back(watcher);
      ++flight.waiting_;
      return Role::passenger;
    }
  }
  watcher->landed(flight.result_ ? *flight.result_ : closed_result());
  return Role::passenger;
}

void FlightTable::unwatch(Flight& flight, const FlightWatcher& watcher) noexcept {
  std::shared_ptr<FlightWatcher> gone;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(flight.watchers_.begin(), flight.watchers_.end(),
                                  [&](const auto& each) { return each.get() == &watcher; });
  if (found == flight.watchers_.end()) return;
  gone = std::move(*found);
  flight.watchers_.erase(found);
  --flight.waiting_;
}

void FlightTable::leave(Flight& flight) {
  const std::lock_guard lock(mutex_);
  waiting_.erase(std::this_thread::get_id());
  --flight.waiting_;
}

void FlightTable::move_apart(Flights::iterator place) {
  apart_.insert(flights_.extract(place));
}

void FlightTable::retire(Flights::iterator place) {
  place->second->retired_ = true;
  move_apart(place);
  retired_now_.fetch_add(1);
}

bool FlightTable::is_exhausted(const Limits& limits) const noexcept {
  const auto retired = retired_now_.load();
  return retired > 0 && retired >= limits.most_retired;
}

bool FlightTable::retire(std::string_view key, const std::shared_ptr<Flight>& flight) {
  {
    const std::lock_guard lock(mutex_);
    if (flight->result_ || flight->retired_) return false;
    const auto found = flights_.find(key);
    if (found != flights_.end() && found->second == flight) move_apart(found);
    flight->retired_ = true;
    retired_now_.fetch_add(1);
  }
  flight->stop.request_stop();
  return true;
}

bool FlightTable::is_retired(const Flight& flight) const {
  const std::lock_guard lock(mutex_);
  return flight.retired_;
}

void FlightTable::land(std::string_view key, const std::shared_ptr<Flight>& flight,
                       const Lookup& result) noexcept {
  std::vector<std::shared_ptr<FlightWatcher>> watchers;
  {
    const std::lock_guard lock(mutex_);
    if (flight->result_) return;
    flight->result_.emplace(result);
    watchers.swap(flight->watchers_);
    const auto found = flights_.find(key);
    if (found != flights_.end() && found->second == flight)
      flights_.erase(found);
    else
      take_from_apart(key, *flight);
    if (flight->retired_) retired_now_.fetch_sub(1);
    landings_.fetch_add(1);
    under_way_.fetch_sub(1);
  }
  flight->landed_.notify_all();
  for (const auto& watcher : watchers)
    watcher->landed(result);
}

// The flight itself is the caller's.
void FlightTable::take_from_apart(std::string_view key, const Flight& flight) noexcept {
  const auto [begin, end] = apart_.equal_range(key);
  const auto own = std::find_if(begin, end, [&](const auto& each) { return each.second.get() == &flight; });
  if (own != end) apart_.erase(own);
}

std::shared_ptr<Flight> FlightTable::begin_apart(std::string_view key, std::span<const std::string> tags,
                                                 const Limits& limits) {
  if (is_exhausted(limits)) return nullptr;
  auto flight = std::make_shared<Flight>(tags, true);
  const std::lock_guard lock(mutex_);
  apart_.emplace(std::string(key), flight);
  under_way_.fetch_add(1);
  return flight;
}

void FlightTable::outdate_older(std::string_view key, const Flight& flight) {
  if (flight.is_outdated()) return;
  std::vector<std::shared_ptr<Flight>> older;
  {
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = apart_.equal_range(key);
    for (auto next = begin; next != end; ++next)
      if (next->second.get() != &flight && next->second->begun <= flight.begun) older.push_back(next->second);
  }
  for (const auto& each : older)
    each->make_outdated();
}

void FlightTable::supersede(std::string_view key) {
  std::shared_ptr<Flight> flight;
  {
    const std::lock_guard lock(mutex_);
    const auto found = flights_.find(key);
    if (found == flights_.end()) return;
    flight = found->second;
    move_apart(found);
  }
  flight->make_outdated();
}

FlightTable::FlightList FlightTable::outdate(std::string_view key) {
  if (under_way_.load() == 0) return {};
  FlightList flights;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = flights_.find(key); found != flights_.end()) move_apart(found);
    const auto [begin, end] = apart_.equal_range(key);
    for (auto next = begin; next != end; ++next)
      flights.push_back(next->second);
  }
  return outdate_all(std::move(flights));
}

FlightTable::FlightList FlightTable::outdate_matching(
    const std::function<bool(std::string_view, const Flight&)>& matches) {
  if (under_way_.load() == 0) return {};
  FlightList flights;
  {
    const std::lock_guard lock(mutex_);
    for (auto next = flights_.begin(); next != flights_.end();) {
      const auto place = next++;
      if (matches(place->first, *place->second)) move_apart(place);
    }
    for (const auto& [key, flight] : apart_)
      if (matches(key, *flight)) flights.push_back(flight);
  }
  return outdate_all(std::move(flights));
}

FlightTable::FlightList FlightTable::outdate_all(FlightList flights) {
  flights.erase(std::remove_if(flights.begin(), flights.end(),
                               [](const auto& flight) { return !flight->begin_outdating(); }),
                flights.end());
  return flights;
}

void FlightTable::outdate_from_elsewhere(std::string_view key, Flight::Told told) noexcept {
  if (under_way_.load() == 0) return;
  const std::lock_guard lock(mutex_);
  const auto found = flights_.find(key);
  if (found != flights_.end() && found->second->outdate_from_elsewhere(told)) move_apart(found);
  const auto [begin, end] = apart_.equal_range(key);
  for (auto next = begin; next != end; ++next)
    (void)next->second->outdate_from_elsewhere(told);
}

template <class Matches>
void FlightTable::outdate_from_elsewhere_if(const Matches& matches, Flight::Told told) noexcept {
  if (under_way_.load() == 0) return;
  const auto outdates = [&](const auto& entry) {
    return matches(*entry.second) && entry.second->outdate_from_elsewhere(told);
  };
  const std::lock_guard lock(mutex_);
  for (auto next = flights_.begin(); next != flights_.end();) {
    const auto place = next++;
    if (outdates(*place)) move_apart(place);
  }
  for (const auto& entry : apart_)
    (void)outdates(entry);
}

void FlightTable::outdate_tagged_from_elsewhere(std::string_view tag, Flight::Told told) noexcept {
  const auto has_tag = [tag](const Flight& flight) {
    return std::find(flight.tags.begin(), flight.tags.end(), tag) != flight.tags.end();
  };
  outdate_from_elsewhere_if(has_tag, told);
}

void FlightTable::outdate_all_from_elsewhere() noexcept {
  outdate_from_elsewhere_if([](const Flight&) { return true; }, Flight::Told::of_others);
}

bool FlightTable::is_under_way(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  return flights_.find(key) != flights_.end() || apart_.find(key) != apart_.end();
}

void FlightTable::close() noexcept {
  std::vector<std::shared_ptr<FlightWatcher>> watchers;
  try {
    const std::lock_guard lock(mutex_);
    closed_.store(true);
    for (const auto& [thread, flight] : waiting_)
      flight->landed_.notify_all();
    const auto take = [&](const auto& flights) {
      for (const auto& [key, flight] : flights) {
        watchers.insert(watchers.end(), flight->watchers_.begin(), flight->watchers_.end());
        flight->watchers_.clear();
      }
    };
    take(flights_);
    take(apart_);
  } catch (...) {
    // Without memory they are told at their limits.
  }
  for (const auto& watcher : watchers)
    watcher->landed(closed_result());
}

void FlightTable::stop_all() noexcept {
  std::vector<std::shared_ptr<Flight>> flights;
  try {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, flight] : flights_)
      flights.push_back(flight);
    for (const auto& [key, flight] : apart_)
      flights.push_back(flight);
  } catch (...) {
    return;  // without memory they go on to their end
  }
  for (const auto& flight : flights)
    flight->stop.request_stop();
}

}  // namespace cachesite::remembering
