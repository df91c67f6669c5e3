#pragma once

#include "layers/failover/outage.hpp"
#include "layers/failover/outage_log.hpp"

#include <cachesite/failover_cache.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace cachesite {

class FailoverCache::Inner {
 public:
  Inner(const FailoverCacheOptions& options, ICache& first, const ComponentContext& context)
      : second(options.failover.component()),
        log(first, second.get(),
            {options.retry_after, options.remembered_keys, !second && options.on_error == OnError::error},
            context),
        on_error(options.on_error),
        callback_(options.on_error_callback),
        longest_(options.failover_ttl) {}

  [[nodiscard]] TimeToLive limited(TimeToLive time_to_live) const noexcept {
    if (!longest_ || (time_to_live.expires() && time_to_live.milliseconds() <= *longest_))
      return time_to_live;
    return TimeToLive(*longest_);
  }

  void tell(std::string_view call, std::string_view key, const Error& error) const noexcept {
    if (on_error == OnError::callback)
      (void)guarded_call<Done>([&]() -> Status {
        callback_(call, key, error);
        return Done{};
      });
  }

  // One call: the first cache, the second, or the answer of none. `remember` is called before a change is
  // made anywhere but in the first; false from it means that the first works again, unless it is insisted on.
  // `what` is what a callback is told beside the call; `keys` are the keys that the call is about.
  template <class R, class Remember, class First, class Second, class Neither>
  R run(std::string_view call, std::string_view what, std::span<const std::string_view> keys,
        Remember remember, First ask_first, Second ask_second, Neither neither) {
    bool use_first = stopped.load(std::memory_order_relaxed) || log.may_use_first();
    std::optional<Error> reason;
    for (int attempt = 1;; ++attempt) {
      if (use_first) {
        if (const auto settled = settle(keys.size(), [&](std::size_t index) { return keys[index]; });
            settled.ok()) {
          R result = ask_first();
          if (!layers::is_outage(result)) {
            if (result.ok()) log.note_success();
            return result;
          }
          reason = result.error();
          log.note_failure(*reason);
        } else {
          reason = settled.error();
        }
        tell(call, what, *reason);
      } else {
        reason = log.last_error();
        if (!second) tell(call, what, *reason);
      }
      if (remember(attempt > 1)) break;
      use_first = true;
    }
    if (second) {
      failover_calls.fetch_add(1, std::memory_order_relaxed);
      R result = ask_second();
      if (!layers::is_outage(result)) return result;
      reason = result.error();
      tell(call, what, *reason);
    }
    if (on_error == OnError::error) return R(*reason);
    degraded_calls.fetch_add(1, std::memory_order_relaxed);
    return neither(*reason);
  }

  template <class R, class First, class Second, class Neither>
  R change(std::string_view call, std::string_view key, First first, Second ask_second, Neither neither) {
    const auto second_and_confirm = [&] {
      R result = ask_second();
      log.confirm_key(key);
      return result;
    };
    return run<R>(
        call, key, {&key, 1}, [&](bool insist) { return log.remember_key(key, insist); }, first,
        second_and_confirm, neither);
  }
  template <class R, class First, class Second, class Neither>
  R ask(std::string_view call, std::string_view key, First first, Second ask_second, Neither neither) {
    return run<R>(
        call, key, {&key, 1}, [](bool) { return true; }, first, ask_second, neither);
  }
  // The same for a question about no key.
  template <class R, class First, class Second, class Neither>
  R ask_all(std::string_view call, std::string_view pattern, First first, Second ask_second,
            Neither neither) {
    return run<R>(
        call, pattern, {}, [](bool) { return true; }, first, ask_second, neither);
  }

  // A batch, whose keys fare each by itself. `first_all` fills the results from the first cache,
  // `second_some` those of the given places from the second.
  template <class R, class KeyOf, class FirstAll, class SecondSome, class Neither>
  void run_many(std::string_view call, bool changes, std::span<R> results, KeyOf key_of, FirstAll first_all,
                SecondSome second_some, Neither neither) {
    std::vector<std::size_t> failed;
    bool use_first = stopped.load(std::memory_order_relaxed) || log.may_use_first();
    for (int attempt = 1;; ++attempt) {
      failed.clear();
      const auto settled = use_first ? settle(results.size(), key_of) : Status(Done{});
      if (!settled.ok()) {
        for (std::size_t index = 0; index < results.size(); ++index) {
          results[index] = R(settled.error());
          failed.push_back(index);
        }
      } else if (use_first) {
        first_all();
        bool answered = false;
        for (std::size_t index = 0; index < results.size(); ++index) {
          answered = answered || results[index].ok();
          if (layers::is_outage(results[index])) failed.push_back(index);
        }
        if (failed.empty()) {
          if (answered) log.note_success();
          return;
        }
        log.note_failure(results[failed.front()].error());
      } else {
        const Error reason = log.last_error();
        for (std::size_t index = 0; index < results.size(); ++index) {
          results[index] = R(reason);
          failed.push_back(index);
        }
      }
      bool works_again = false;
      for (const auto index : failed) {
        if (use_first || !second) tell(call, key_of(index), results[index].error());
        if (changes && !log.remember_key(key_of(index), attempt > 1)) works_again = true;
      }
      if (!works_again) break;
      use_first = true;
    }
    if (second) {
      failover_calls.fetch_add(1, std::memory_order_relaxed);
      second_some(failed);
      if (changes)
        for (const auto index : failed)
          log.confirm_key(key_of(index));
    }
    bool degraded = false;
    for (const auto index : failed) {
      if (!layers::is_outage(results[index])) continue;
      if (second) tell(call, key_of(index), results[index].error());
      if (on_error == OnError::error) continue;
      degraded = true;
      results[index] = neither();
    }
    if (degraded) degraded_calls.fetch_add(1, std::memory_order_relaxed);
  }

  const std::shared_ptr<ICache> second;
  layers::OutageLog log;
  const OnError on_error;
  std::atomic<std::uint64_t> failover_calls{0}, degraded_calls{0};
  std::atomic<bool> stopped{false};

 private:
  // Before the first cache is asked about these keys.
  template <class KeyOf>
  Status settle(std::size_t count, KeyOf key_of) {
    if (count == 0 || stopped.load(std::memory_order_relaxed) || !log.may_owe()) return Done{};
    std::vector<std::string_view> keys;
    keys.reserve(count);
    for (std::size_t index = 0; index < count; ++index)
      keys.push_back(key_of(index));
    return log.settle(keys);
  }

  const FailoverCacheOptions::Callback callback_;
  const std::optional<std::chrono::milliseconds> longest_;
};

}  // namespace cachesite
