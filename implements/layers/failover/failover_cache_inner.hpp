#pragma once

#include "layers/base/outage.hpp"
#include "layers/base/outage_log.hpp"
#include "layers/base/request_end.hpp"

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
  static bool is_outage(const CacheRequest& batch, std::size_t item) noexcept {
    const auto* error = batch.error(item);
    return error != nullptr && layers::is_outage(*error);
  }

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

  // Tells the callback of a failure; `key` is the key or the pattern that the call is about.
  void tell(CacheOperation operation, std::string_view key, const Error& error) const noexcept {
    if (on_error != OnError::callback) return;
    const auto call = operation == CacheOperation::read ? std::string_view("get") : to_string(operation);
    (void)guarded_call<Done>([&]() -> Status {
      callback_(call, key, error);
      return Done{};
    });
  }

  [[nodiscard]] bool may_use_first() {
    return stopped.load(std::memory_order_relaxed) || log.may_use_first();
  }

  // Before the first cache is asked about the keys of a request.
  Status settle(const CacheRequest& request) {
    if (stopped.load(std::memory_order_relaxed) || !log.may_owe()) return Done{};
    std::vector<std::string_view> keys;
    if (request.is_batch())
      for (std::size_t item = 0; item < request.items(); ++item)
        keys.push_back(request.key_of(item));
    else if (layers::keys_of(request) == 1)
      keys.push_back(request.key);
    return keys.empty() ? Status(Done{}) : log.settle(keys);
  }

  // Before a change is made anywhere but in the first cache. False means that the first works again, unless it
  // is insisted on.
  bool owe(const CacheRequest& request, bool insist) {
    if (!layers::changes_entries(request)) return true;
    switch (request.subject()) {
      case CacheSubject::key:
        return log.remember_key(request.key, insist);
      case CacheSubject::batch:
        return owe_items(request, insist);
      case CacheSubject::pattern:
        return log.remember_pattern(request.key, insist);
      case CacheSubject::everything:
        return log.remember_clear(insist);
    }
    return true;
  }

  const std::shared_ptr<ICache> second;
  layers::OutageLog log;
  const OnError on_error;
  std::atomic<std::uint64_t> failover_calls{0}, degraded_calls{0};
  std::atomic<bool> stopped{false};

 private:
  // Those items of a batch that the first cache did not take.
  bool owe_items(const CacheRequest& batch, bool insist) {
    bool owed = true;
    for (std::size_t item = 0; item < batch.items(); ++item)
      if (is_outage(batch, item) && !log.remember_key(batch.key_of(item), insist)) owed = false;
    return owed;
  }

  const FailoverCacheOptions::Callback callback_;
  const std::optional<std::chrono::milliseconds> longest_;
};

}  // namespace cachesite
