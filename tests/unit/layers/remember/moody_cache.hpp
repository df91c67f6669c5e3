#pragma once

#include <cachesite/cache_layer.hpp>
#include <cachesite/memory_cache.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string_view>

namespace cachesite::test {

// A cache in memory that fails when it is told to, and counts what reaches it.
class MoodyCache final : public CacheLayer {
 public:
  explicit MoodyCache(std::shared_ptr<ICache> below = std::make_shared<MemoryCache>())
      : CacheLayer(std::move(below)) {}

  std::atomic<bool> reads_fail{false};
  std::atomic<bool> writes_fail{false};
  std::atomic<bool> tells_lives{true};
  std::atomic<int> reads_until_failure{0};  // 0: none fails for that
  std::atomic<int> reads{0};
  std::atomic<int> writes{0};

 protected:
  // A read that tells the life of the entry, too, as a near tier above asks for.
  void do_begin(CacheRequest& request) override {
    if (request.operation == CacheOperation::time_to_live && !tells_lives)
      return request.fail(Error(ErrorCode::unreachable, "the server is away"));
    if (request.lives.empty()) return forward(request);
    ++reads;
    if (reads_fail || reads_until_failure == 1)
      return request.fail(Error(ErrorCode::unreachable, "the server is away"));
    if (reads_until_failure > 1) --reads_until_failure;
    forward(request);
    if (!tells_lives)
      for (auto& life : request.lives)
        life.left = Remaining();
  }
  Result<Found> do_read(std::string_view key, Value& destination) override {
    ++reads;
    if (reads_fail) return Error(ErrorCode::unreachable, "the server is away");
    return forward_read(key, destination);
  }
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override {
    ++writes;
    if (writes_fail) return Error(ErrorCode::unreachable, "the server is away");
    return forward_write(key, value, time_to_live);
  }
};

}  // namespace cachesite::test
