#pragma once

#include "basics/per_process_mutex.hpp"
#include "basics/process_number.hpp"
#include "layers/failover/owed_removals.hpp"

#include <cachesite/cache.hpp>
#include <cachesite/cache_statistics.hpp>
#include <cachesite/component_context.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cachesite::layers {

// Whether a cache fails, when it may be tried again, and what has to be removed from it before it is read.
//
// States:
//   up         The first cache is used by every call, and nothing is owed.
//   down       The first cache fails. Calls go elsewhere, and what they change is owed: it has to be removed
//              from both caches. One call at a time, `retry_after` after the last failure, tries the first cache.
//   returning  The first cache works again, and something is still owed. Every call goes to the first cache,
//              which by then has lost what the call is about if that was owed (`settle`); and each removes a batch
//              of what else is owed, one call at a time. So no call does more than two things in addition,
//              and what is owed gets less with each, whatever is written meanwhile.
//
//   up, returning -> down      a call to the first cache fails as in an outage
//   down -> up                 a call to the first cache succeeds, nothing is owed
//   down -> returning          a call to the first cache succeeds, something is owed
//   returning -> up            the last of what was owed is removed, or given up since it never can be
//   up -> returning            a change had to be made elsewhere although the first cache works again: it
//                              failed there twice
//
// A change that began elsewhere while the state was down may end when it is another: see `confirm_key`.
class OutageLog {
 public:
  struct Settings {
    std::chrono::milliseconds retry_after;
    std::size_t remembered_keys;
    bool always_tries;  // nothing stands in for the cache: every call tries it, and nothing is owed
  };

  OutageLog(ICache& first, ICache* second, const Settings& settings, const ComponentContext& context);

  // Whether this call is for the first cache. May remove from it some of what is owed.
  bool may_use_first();
  [[nodiscard]] bool may_owe() const noexcept { return state() != State::up && remembers(); }
  // Before the first cache does something with these keys: removes those that are owed. When that fails, the
  // first cache must not be asked about them, and the failure is one of an outage.
  Status settle(std::span<const std::string_view> keys);
  void note_success();
  void note_failure(const Error& error);

  // Before a change is made elsewhere. False when the first cache works again: then it should be made there.
  // With `insist` it is owed all the same.
  bool remember_key(std::string_view key, bool insist);
  bool remember_pattern(std::string_view pattern, bool insist);
  bool remember_clear(bool insist);
  // After a change was made elsewhere: what was owed may have been removed before the change was done. Then
  // it is owed again, or removed from the second cache at once when the first is in use.
  void confirm_key(std::string_view key);

  // Whether the key has to be removed from the first cache.
  [[nodiscard]] bool owes(std::string_view key) const;
  [[nodiscard]] Error last_error() const;
  void add_to(FailoverStatistics& statistics) const;

 private:
  enum class State : std::uint8_t { up, down, returning };

  [[nodiscard]] State state() const noexcept { return state_.load(std::memory_order_acquire); }
  [[nodiscard]] bool is_time();
  void help();
  Status remove(const OwedRemovals::Part& part);
  void settled(const OwedRemovals::Part& part);
  void give_up(const OwedRemovals::Part& part);
  void drop(const OwedRemovals::Part& part);
  [[nodiscard]] bool goes_elsewhere(bool insist);
  void delay_next_try();
  [[nodiscard]] bool remembers() const noexcept { return !settings_.always_tries; }

  ICache& first_;
  ICache* const second_;
  const Settings settings_;
  const std::string label_;
  const std::shared_ptr<ILogger> logger_;
  const std::shared_ptr<const IClock> clock_;

  std::atomic<State> state_{State::up};  // changed with the lock held
  std::atomic<std::int64_t> next_try_{0};
  std::atomic<std::uint32_t> helper_{0};  // the process whose thread removes what is owed; 0: none does
  std::atomic<std::uint64_t> outages_{0}, errors_{0}, repaired_{0}, forgotten_{0};

  mutable basics::PerProcessMutex mutex_;  // never held while a cache is called
  OwedRemovals owed_;
  std::optional<Error> last_error_;
  std::optional<IClock::TimePoint> last_warning_;
  bool warned_ = false;
};

}  // namespace cachesite::layers
