#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/detail/testing/cache_contract.hpp>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::testing {

/// Calls a cache in one of the forms of its calls, so that a clause is one text for all of them.
class Caller {
  using Keys = std::span<const std::string_view>;

 public:
  Caller(std::shared_ptr<ICache> cache, CallForm form) : cache_(std::move(cache)), form_(form) {}

  // As a pointer to the cache.
  const Caller& operator*() const noexcept { return *this; }
  const Caller* operator->() const noexcept { return this; }

  [[nodiscard]] std::optional<Value> get_value(std::string_view key) const;
  bool set_value(std::string_view key, std::optional<ByteView> value,
                 TimeToLive expire = TimeToLive::unspecified()) const;
  [[nodiscard]] Lookup get(std::string_view key) const;
  Result<Found> read(std::string_view key, Value& destination) const;
  Status write(std::string_view key, std::optional<ByteView> value,
               TimeToLive time_to_live = TimeToLive::unspecified()) const;
  Result<bool> add(std::string_view key, std::optional<ByteView> value,
                   TimeToLive time_to_live = TimeToLive::unspecified()) const;
  Result<bool> replace(std::string_view key, std::optional<ByteView> value,
                       TimeToLive time_to_live = TimeToLive::unspecified()) const;
  Result<std::int64_t> increment(std::string_view key, std::int64_t by,
                                 TimeToLive time_to_live = TimeToLive::unspecified()) const;
  Result<bool> remove(std::string_view key) const;
  Result<bool> contains(std::string_view key) const;
  Result<Remaining> time_to_live(std::string_view key) const;
  Result<bool> expire(std::string_view key, TimeToLive time_to_live) const;
  Result<bool> persist(std::string_view key) const;
  void get_many(Keys keys, std::span<Lookup> results) const;
  void set_many(std::span<const CacheEntry> entries, std::span<Status> results) const;
  void remove_many(Keys keys, std::span<Result<bool>> results) const;
  void time_to_live_many(Keys keys, std::span<Result<Remaining>> results) const;
  Status scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) const;
  Result<std::uint64_t> remove_matching(std::string_view pattern) const;
  Status clear() const;
  Result<std::uint64_t> size() const;

  // Those that return their results.
  [[nodiscard]] std::vector<Lookup> get_many(Keys keys) const;
  [[nodiscard]] std::vector<Lookup> get_many(std::initializer_list<std::string_view> keys) const {
    return get_many(Keys(keys.begin(), keys.size()));
  }
  std::vector<Status> set_many(std::span<const CacheEntry> entries) const;
  std::vector<Status> set_many(std::initializer_list<CacheEntry> entries) const {
    return set_many(std::span<const CacheEntry>(entries.begin(), entries.size()));
  }
  std::vector<Result<bool>> remove_many(Keys keys) const;
  std::vector<Result<bool>> remove_many(std::initializer_list<std::string_view> keys) const {
    return remove_many(Keys(keys.begin(), keys.size()));
  }

  // Those that have one form.
  Result<Found> read_with_life(std::string_view key, Value& destination, EntryLife& life) const {
    return cache_->read_with_life(key, destination, life);
  }
  void read_with_life_many(Keys keys, std::span<Lookup> results, std::span<EntryLife> lives) const {
    cache_->read_with_life_many(keys, results, lives);
  }
  Result<bool> expire_at(std::string_view key, std::chrono::system_clock::time_point when) const {
    return cache_->expire_at(key, when);
  }
  [[nodiscard]] KeyRange keys(std::string_view pattern = "*") const;
  [[nodiscard]] CacheStatistics statistics() const { return cache_->statistics(); }
  [[nodiscard]] Health health() const { return cache_->health(); }
  void stop() const noexcept { cache_->stop(); }

 private:
  template <class Blocking, class Asynchronous>
  auto call(Blocking blocking, Asynchronous asynchronous) const;

  const std::shared_ptr<ICache> cache_;
  const CallForm form_;
};

/// A cache to check, as clauses call it.
struct Subject : CacheUnderTest {
  explicit Subject(const CacheUnderTest& subject)
      : CacheUnderTest(subject), cache(subject.cache, subject.form) {}

  Caller cache;  // hides that of the base
};

}  // namespace cachesite::testing
