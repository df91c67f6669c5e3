#pragma once

#include <cachesite/cache.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite {

/// One entry of a cache, with its key given once:
///
///     auto visits = cachesite::bind(cache, "visits:today");
///     const auto count = visits.increment(1, 24h);
///
/// Each call is the call of ICache of the same name with this key: the same failures, counters and thread
/// safety. A copy shares the cache and copies the key.
class BoundCache {
 public:
  /// The first call checks the key, and refuses one that is too short or too long. Throws
  /// std::invalid_argument when `cache` is null.
  BoundCache(std::shared_ptr<ICache> cache, std::string key)
      : cache_(std::move(cache)), key_(std::move(key)) {
    if (!cache_) throw std::invalid_argument("a BoundCache needs a cache");
  }

  /// The value; empty on a miss, on a cached null, and on any failure.
  [[nodiscard]] std::optional<Value> get_value() const noexcept { return cache_->get_value(key_); }
  /// Stores `value`, or a cached null for std::nullopt. True when stored.
  bool set_value(std::optional<ByteView> value,
                 TimeToLive expire = TimeToLive::unspecified()) const noexcept {
    return cache_->set_value(key_, value, expire);
  }

  [[nodiscard]] Lookup get() const noexcept { return cache_->get(key_); }
  Result<Found> read(Value& destination) const noexcept { return cache_->read(key_, destination); }
  Status write(std::optional<ByteView> value,
               TimeToLive time_to_live = TimeToLive::unspecified()) const noexcept {
    return cache_->write(key_, value, time_to_live);
  }
  Result<bool> add(std::optional<ByteView> value,
                   TimeToLive time_to_live = TimeToLive::unspecified()) const noexcept {
    return cache_->add(key_, value, time_to_live);
  }
  Result<bool> replace(std::optional<ByteView> value,
                       TimeToLive time_to_live = TimeToLive::unspecified()) const noexcept {
    return cache_->replace(key_, value, time_to_live);
  }
  Result<std::int64_t> increment(std::int64_t by,
                                 TimeToLive time_to_live = TimeToLive::unspecified()) const noexcept {
    return cache_->increment(key_, by, time_to_live);
  }
  Result<bool> remove() const noexcept { return cache_->remove(key_); }
  Result<bool> contains() const noexcept { return cache_->contains(key_); }
  Result<Remaining> time_to_live() const noexcept { return cache_->time_to_live(key_); }
  Result<bool> expire(TimeToLive time_to_live) const noexcept { return cache_->expire(key_, time_to_live); }
  Result<bool> expire_at(std::chrono::system_clock::time_point when) const noexcept {
    return cache_->expire_at(key_, when);
  }
  Result<bool> persist() const noexcept { return cache_->persist(key_); }

  [[nodiscard]] std::string_view key() const noexcept { return key_; }
  /// Never null.
  [[nodiscard]] const std::shared_ptr<ICache>& cache() const noexcept { return cache_; }

 private:
  std::shared_ptr<ICache> cache_;
  std::string key_;
};

/// The entry of `cache` under `key`. A template, so that a call without the namespace does not mean
/// std::bind. Throws std::invalid_argument when `cache` is null.
template <std::derived_from<ICache> Cache, std::convertible_to<std::string> Key>
[[nodiscard]] BoundCache bind(std::shared_ptr<Cache> cache, Key&& key) {
  return {std::move(cache), std::string(std::forward<Key>(key))};
}

}  // namespace cachesite
