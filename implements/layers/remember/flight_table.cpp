#include "layers/remember/flight_table.hpp"

#include <utility>

namespace cachesite::remembering {

// A thread waits for one flight at most, so the chain from leader to leader has no branches.
bool FlightTable::needs_this_thread(const Flight& flight) const {
  const auto self = std::this_thread::get_id();
  for (const Flight* next = &flight;;) {
    if (next->leader == self) return true;
    const auto waits = waiting_.find(next->leader);
    if (waits == waiting_.end()) return false;
    next = waits->second;
  }
}

FlightTable::Boarding FlightTable::board(std::string_view key, std::uint64_t landings_before,
                                         std::span<const std::string> tags) {
  const std::lock_guard lock(mutex_);
  if (const auto found = flights_.find(key); found != flights_.end()) {
    if (needs_this_thread(*found->second)) return {Role::circular, nullptr};
    waiting_.emplace(std::this_thread::get_id(), found->second.get());
    return {Role::passenger, found->second};
  }
  auto flight = std::make_shared<Flight>(std::this_thread::get_id(), tags);
  flights_.emplace(std::string(key), flight);
  under_way_.fetch_add(1);
  return {Role::leader, std::move(flight), landings_.load() != landings_before};
}

std::optional<Lookup> FlightTable::wait(Flight& flight, TimePoint deadline) {
  {
    std::unique_lock lock(mutex_);
    flight.landed_.wait_until(lock, deadline, [&] { return flight.result_ || closed_.load(); });
    waiting_.erase(std::this_thread::get_id());
    if (!flight.result_) return std::nullopt;
  }
  return flight.result_;
}

void FlightTable::land(std::string_view key, const std::shared_ptr<Flight>& flight,
                       const Lookup& result) noexcept {
  {
    const std::lock_guard lock(mutex_);
    flight->result_.emplace(result);
    const auto found = flights_.find(key);
    if (found != flights_.end() && found->second == flight) flights_.erase(found);
    landings_.fetch_add(1);
    under_way_.fetch_sub(1);
  }
  flight->landed_.notify_all();
}

void FlightTable::outdate(std::string_view key) {
  if (under_way_.load() == 0) return;
  std::shared_ptr<Flight> flight;
  {
    const std::lock_guard lock(mutex_);
    const auto found = flights_.find(key);
    if (found == flights_.end()) return;
    flight = std::move(found->second);
    flights_.erase(found);
  }
  flight->make_outdated();
}

void FlightTable::outdate_matching(const std::function<bool(std::string_view, const Flight&)>& matches) {
  if (under_way_.load() == 0) return;
  std::vector<std::shared_ptr<Flight>> flights;
  {
    const std::lock_guard lock(mutex_);
    for (auto next = flights_.begin(); next != flights_.end();) {
      if (matches(next->first, *next->second)) {
        flights.push_back(std::move(next->second));
        next = flights_.erase(next);
      } else {
        ++next;
      }
    }
  }
  for (const auto& flight : flights)
    flight->make_outdated();
}

void FlightTable::close() noexcept {
  const std::lock_guard lock(mutex_);
  closed_.store(true);
  for (const auto& [thread, flight] : waiting_)
    flight->landed_.notify_all();
}

}  // namespace cachesite::remembering
