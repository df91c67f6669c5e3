#include <cachesite/async_request.hpp>
#include <cachesite/expiry_cache.hpp>

#include <span>
#include <vector>

namespace cachesite {

// The operation, TTL and entries as they were.
class ExpiryCache::OwnArguments final : public AsyncStep {
 public:
  explicit OwnArguments(const CacheRequest& request) noexcept
      : operation_(request.operation), time_to_live_(request.time_to_live), entries_(request.entries) {}
  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    request.operation = operation_;
    request.time_to_live = time_to_live_;
    request.entries = entries_;
    return true;
  }

 private:
  CacheOperation operation_;
  TimeToLive time_to_live_;
  std::span<const CacheEntry> entries_;
};

bool ExpiryCache::do_begin_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  if (!longest_.expires() || !changes_a_life(request)) return forward_async(call);
  call.add_step<OwnArguments>(request);
  request.time_to_live = limited(request.time_to_live);
  if (request.operation == CacheOperation::persist) request.operation = CacheOperation::expire;
  if (!request.entries.empty()) {
    auto& entries =
        call.memory().make<std::vector<CacheEntry>>(request.entries.begin(), request.entries.end());
    for (auto& entry : entries)
      entry.time_to_live = limited(entry.time_to_live);
    request.entries = entries;
  }
  return forward_async(call);
}

}  // namespace cachesite
