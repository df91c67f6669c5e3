#pragma once

#include "basics/per_process_mutex.hpp"
#include "basics/process_number.hpp"
#include "layers/base/owed_removals.hpp"

#include <cachesite/cache.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/cache_statistics.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::layers {

// Keys that are owed, on their way out: the first cache is asked to remove them, and the second to remove those that
// the first has lost.
struct KeyRemoval {
  // Throws std::bad_alloc.
  explicit KeyRemoval(OwedRemovals::Part owed);
  KeyRemoval(const KeyRemoval&) = delete;
  KeyRemoval& operator=(const KeyRemoval&) = delete;
  ~KeyRemoval() = default;
  [[nodiscard]] CacheRequest question() noexcept;

  const OwedRemovals::Part part;
  // Of the next question.
  std::vector<std::string_view> keys;
  std::vector<Result<bool>> results;
  // What has become of them in the first cache.
  OwedRemovals::Part done;
  OwedRemovals::Part hopeless;
  OwedRemovals::Part failed;
  Status failure = Done{};
};

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
    // For the log.
    std::string_view topic = "failover";
    std::string_view name = "the first cache";
    // How what is owed is removed without being asked for.
    std::size_t remembered_bytes = std::numeric_limits<std::size_t>::max();
    std::chrono::milliseconds delay{0};  // after the cache works again, less up to half of it by chance
    std::size_t rate = 0;                // keys a second; 0: no limit
    bool keys_back_off = false;  // a key that cannot be removed is tried again after 1 s, 2 s, ... 60 s
    std::function<void(std::size_t removed, std::size_t given_up)> on_removed = {};
    std::function<void()> on_forgotten = {};  // with a lock held
  };

  OutageLog(ICache& first, ICache* second, const Settings& settings, const ComponentContext& context);

  // Before anything else is called: who is told what was removed, or may have been.
  void when_removed(std::function<void(const OwedRemovals::Part&)> told) { removed_ = std::move(told); }

  // Whether this call is for the first cache. May remove from it some of what is owed.
  bool may_use_first() {
    help();
    return may_use_first_as_it_is();
  }
  // The same, and removes nothing.
  bool may_use_first_as_it_is();
  [[nodiscard]] bool may_owe() const noexcept { return state() != State::up && remembers(); }
  // Before the first cache does something with these keys: removes those that are owed. When that fails, the
  // first cache must not be asked about them, and the failure is one of an outage.
  Status settle(std::span<const std::string_view> keys);
  // The same in pieces, for who asks the caches itself: what is owed of these keys; what follows from the answers of
  // the first cache, and from the end of the removal; and what its failure means.
  [[nodiscard]] OwedRemovals::Part owed_of(std::span<const std::string_view> keys) const;
  void take_from_first(KeyRemoval& removal) const;
  Status end(const KeyRemoval& removal);
  Status judge_settling(const Status& removed);
  void note_success();
  // Removes what is owed now, as long as that succeeds, but not for longer than this.
  void finish(std::chrono::milliseconds limit);
  void note_failure(const Error& error);

  // Before a change is made elsewhere. False when the first cache works again: then it should be made there.
  // With `insist` it is owed all the same.
  bool remember_key(std::string_view key, bool insist);
  bool remember_pattern(std::string_view pattern, bool insist);
  bool remember_clear(bool insist);
  // A key that could not even be remembered.
  void note_forgotten() noexcept {
    forgotten_.fetch_add(1, std::memory_order_relaxed);
    if (settings_.on_forgotten) settings_.on_forgotten();
  }
  // After a change was made elsewhere: what was owed may have been removed before the change was done. Then
  // it is owed again; or, when the first is in use, the answer is false: the second cache has to lose the key at once.
  [[nodiscard]] bool confirm_key(std::string_view key);

  // The turn to remove some of what is owed, which one caller has at a time.
  class Turn {
   public:
    explicit Turn(std::atomic<std::uint32_t>& helper) noexcept : helper_(&helper) {}
    Turn(Turn&& other) noexcept : helper_(std::exchange(other.helper_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (helper_ != nullptr) helper_->store(0);
    }

   private:
    std::atomic<std::uint32_t>* helper_;
  };
  // Nothing when it is not the time for it, or another has the turn.
  [[nodiscard]] std::optional<Turn> take_turn();
  // With the turn: what is to be removed now; what follows from the answer of the first cache for a pattern or for
  // everything; and how the removal has ended. True when it has succeeded.
  [[nodiscard]] OwedRemovals::Part next_part() { return next_part(ticks(), most_keys_at_once()); }
  Status take_from_first(const OwedRemovals::Part& part, const Status& removed);
  bool end_part(const OwedRemovals::Part& part, const Status& removed);

  // Whether the key has to be removed from the first cache.
  [[nodiscard]] bool owes(std::string_view key) const;
  [[nodiscard]] Error last_error() const;
  // Keys and patterns that there was no room for.
  [[nodiscard]] std::uint64_t forgotten() const noexcept {
    return forgotten_.load(std::memory_order_relaxed);
  }
  void add_to(FailoverStatistics& statistics) const;
  [[nodiscard]] std::uint64_t given_up() const noexcept { return given_up_.load(std::memory_order_relaxed); }

 private:
  enum class State : std::uint8_t { up, down, returning };

  [[nodiscard]] State state() const noexcept { return state_.load(std::memory_order_acquire); }
  [[nodiscard]] bool is_time();
  void help();
  [[nodiscard]] OwedRemovals::Part next_part(OwedRemovals::Ticks now, std::size_t most_keys);
  // False when something could not be removed.
  bool remove_some(OwedRemovals::Ticks now, std::size_t most_keys);
  void back_off(const OwedRemovals::Part& part);
  [[nodiscard]] std::size_t most_keys_at_once() const noexcept;
  [[nodiscard]] std::int64_t ticks() const { return clock_->now().time_since_epoch().count(); }
  void wait_until(std::int64_t next) noexcept { next_try_.store(next, std::memory_order_relaxed); }
  Status remove(const OwedRemovals::Part& part);
  Status remove_keys(const OwedRemovals::Part& part);
  void tell(const OwedRemovals::Part& part) const;
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
  std::function<void(const OwedRemovals::Part&)> removed_;

  std::atomic<State> state_{State::up};  // changed with the lock held
  std::atomic<std::int64_t> next_try_{0};
  std::atomic<std::uint32_t> helper_{0};  // the process whose thread removes what is owed; 0: none does
  std::atomic<std::uint64_t> outages_{0}, errors_{0}, repaired_{0}, forgotten_{0}, given_up_{0};

  mutable basics::PerProcessMutex mutex_;  // never held while a cache is called
  OwedRemovals owed_;
  std::optional<Error> last_error_;
  std::optional<IClock::TimePoint> last_warning_;
  bool warned_ = false;
};

}  // namespace cachesite::layers
