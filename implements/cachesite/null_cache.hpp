#pragma once

#include <cachesite/cache.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cachesite {

/// A cache that stores nothing: every read is a miss, every write succeeds. It replaces a real cache to
/// switch caching off without a change of the program. Arguments are checked as in every cache. There is
/// never an entry: `add` returns true, `replace`, `expire` and `persist` return false, and `increment`
/// returns the value of a new counter.
class NullCache final : public ICache {
 public:
  void stop() noexcept override;
  [[nodiscard]] CacheStatistics statistics() const override;

 protected:
  [[nodiscard]] bool may_wait() const noexcept override { return false; }
  Result<Found> do_read(std::string_view key, Value& destination) override;
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  void do_begin(CacheRequest& request) override;
  void on_refused() noexcept override;

 private:
  std::atomic<std::uint64_t> misses_{0};
  std::atomic<std::uint64_t> writes_{0};
  std::atomic<std::uint64_t> clears_{0};
  std::atomic<std::uint64_t> refusals_{0};
  std::atomic<bool> stopped_{false};
};

}  // namespace cachesite
