#pragma once

#include "layers/base/outage.hpp"
#include "layers/base/outage_log.hpp"

#include <cachesite/failover_cache.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

class FailoverCache::Inner {
 public:
  using Items = std::vector<std::size_t>;

  Inner(const FailoverCacheOptions& options, std::shared_ptr<ICache> over, const ComponentContext& context)
      : first(std::move(over)),
        second(options.failover.component()),
        log(*first, second.get(),
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

  // Of an item of a batch, or of the request.
  [[nodiscard]] static const Error* error(const CacheRequest& request, std::size_t item) noexcept {
    return request.is_batch() ? request.error(item) : request.error();
  }
  [[nodiscard]] static std::size_t items(const CacheRequest& request) noexcept {
    return request.is_batch() ? request.items() : 1;
  }
  // When the caller has left, a timeout says nothing about the cache.
  [[nodiscard]] static bool is_outage(const Error* error, bool caller_left) noexcept {
    return error != nullptr && layers::is_outage(*error) &&
           !(caller_left && error->code() == ErrorCode::timeout);
  }
  // The items that the first cache could not answer.
  Items note_first(const CacheRequest& request, bool caller_left) {
    Items failed;
    bool succeeded = false;
    for (std::size_t item = 0; item < items(request); ++item)
      if (const auto* const failure = error(request, item); failure == nullptr)
        succeeded = true;
      else if (is_outage(failure, caller_left))
        failed.push_back(item);
    if (!failed.empty())
      log.note_failure(*error(request, failed.front()));
    else if (succeeded)
      log.note_success();
    return failed;
  }

  [[nodiscard]] bool is_stopped() const noexcept { return stopped.load(std::memory_order_relaxed); }
  // Whether the first cache is asked before anything else, and as the caller asks.
  [[nodiscard]] bool goes_straight(const CacheRequest& request) const noexcept {
    return request.operation != CacheOperation::scan && !log.may_owe();
  }

  const std::shared_ptr<ICache> first;
  const std::shared_ptr<ICache> second;
  layers::OutageLog log;
  const OnError on_error;
  std::atomic<std::uint64_t> failover_calls{0}, degraded_calls{0};
  std::atomic<bool> stopped{false};

 private:
  const FailoverCacheOptions::Callback callback_;
  const std::optional<std::chrono::milliseconds> longest_;
};

}  // namespace cachesite
