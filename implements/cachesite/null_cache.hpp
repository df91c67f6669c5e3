#pragma once

#include <cachesite/cache.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// A cache that keeps nothing: every read is a miss, every write succeeds and is forgotten. It stands in for
/// a real cache to switch caching off without touching the program. Arguments are checked as by every other
/// cache. Whatever asks for an entry finds none: `add` returns true, `replace`, `expire` and `persist` false,
/// and `increment` returns what a new counter would have.
class NullCache final : public ICache {
 public:
  void stop() noexcept override;
  [[nodiscard]] CacheStatistics statistics() const override;

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  Result<bool> do_add(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  Result<bool> do_replace(std::string_view key, std::optional<ByteView> value,
                          TimeToLive time_to_live) override;
  Result<std::int64_t> do_increment(std::string_view key, std::int64_t by, TimeToLive time_to_live) override;
  Result<bool> do_remove(std::string_view key) override;
  Result<bool> do_contains(std::string_view key) override;
  Result<Remaining> do_time_to_live(std::string_view key) override;
  Result<bool> do_expire(std::string_view key, TimeToLive time_to_live) override;
  Result<bool> do_persist(std::string_view key) override;
  Status do_scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) override;
  Status do_clear() override;
  Result<std::uint64_t> do_size() override;
  void on_refused() noexcept override;

 private:
  std::atomic<std::uint64_t> misses_{0};
  std::atomic<std::uint64_t> writes_{0};
  std::atomic<std::uint64_t> clears_{0};
  std::atomic<std::uint64_t> refusals_{0};
  std::atomic<bool> stopped_{false};
};

}  // namespace cachesite
