#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <rocksdb/cache.h>

namespace cachesite::bench {

// RocksDB's block caches as a program would use them for its own entries: each one charge, with the end of its
// life beside it. HyperClockCache takes keys of 16 bytes only, so both get two hashes of the key, and the key
// itself is compared in the entry: a hit counts when it is one.
class RocksdbCache {
 public:
  explicit RocksdbCache(std::shared_ptr<rocksdb::Cache> cache) : cache_(std::move(cache)) {}

  bool get(std::string_view key, std::string& value) {
    char digest[16];
    rocksdb::Cache::Handle* const handle = cache_->Lookup(digest_of(key, digest));
    if (handle == nullptr) return false;
    const auto& entry = *static_cast<const Entry*>(cache_->Value(handle));
    const bool hit = entry.key == key && entry.end > Clock::now();
    if (hit) value = entry.value;
    cache_->Release(handle);
    return hit;
  }

  void set(std::string_view key, std::string_view value, std::chrono::seconds time_to_live) {
    char digest[16];
    auto entry =
        std::make_unique<Entry>(Entry{std::string(key), std::string(value), Clock::now() + time_to_live});
    const auto status = cache_->Insert(digest_of(key, digest), entry.get(), 1, drop);
    if (status.ok()) static_cast<void>(entry.release());
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    std::string key;
    std::string value;
    Clock::time_point end;
  };

  static void drop(const rocksdb::Slice&, void* entry) { delete static_cast<Entry*>(entry); }
  static rocksdb::Slice digest_of(std::string_view key, char (&digest)[16]) {
    const std::uint64_t first = std::hash<std::string_view>()(key);
    const std::uint64_t second = first * 0x9E3779B97F4A7C15U;
    std::memcpy(digest, &first, 8);
    std::memcpy(digest + 8, &second, 8);
    return {digest, sizeof digest};
  }

  std::shared_ptr<rocksdb::Cache> cache_;
};

class RocksdbLru : public RocksdbCache {
 public:
  explicit RocksdbLru(std::size_t capacity)
      : RocksdbCache(rocksdb::NewLRUCache(capacity, 6, false, 0.0, nullptr, rocksdb::kDefaultToAdaptiveMutex,
                                          rocksdb::kDontChargeCacheMetadata)) {}
};

class RocksdbHyperClock : public RocksdbCache {
 public:
  explicit RocksdbHyperClock(std::size_t capacity)
      : RocksdbCache(
            rocksdb::HyperClockCacheOptions(capacity, 1, 6, false, nullptr, rocksdb::kDontChargeCacheMetadata)
                .MakeSharedCache()) {}
};

}  // namespace cachesite::bench
