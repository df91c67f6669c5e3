#pragma once

#include "memory/engine/engine.hpp"
#include "rivals/hand_made_cache.hpp"
#include "rivals/sharded_flat_cache.hpp"
#ifdef CACHESITE_BENCH_ROCKSDB
#include "rivals/rocksdb_cache.hpp"
#endif

#include <cachesite/memory_cache.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite::bench {

constexpr std::chrono::seconds benchmark_time_to_live{3600};

// Each subject has one user per thread, which keeps the destination of that thread's reads.

class EngineSubject {
 public:
  explicit EngineSubject(std::size_t capacity) : engine_(options(capacity)) {}
  class User {
   public:
    explicit User(EngineSubject& subject) : engine_(subject.engine_) {}
    bool get(std::string_view key) { return engine_.read(key, value_) == Found::hit; }
    void set(std::string_view key, std::string_view value) { engine_.write(key, ByteView(value), 3'600'000); }

   private:
    memory::Engine& engine_;
    Value value_;
  };

 protected:
  explicit EngineSubject(memory::EngineOptions options) : engine_(std::move(options)) {}
  static memory::EngineOptions options(std::size_t capacity) {
    memory::EngineOptions result;
    result.max_size = capacity;
    result.count_reads = false;
    return result;
  }

 private:
  memory::Engine engine_;
};

// The same in small pages.
class SmallPagesSubject : public EngineSubject {
 public:
  explicit SmallPagesSubject(std::size_t capacity) : EngineSubject(small_pages(capacity)) {}

 private:
  static memory::EngineOptions small_pages(std::size_t capacity) {
    auto result = options(capacity);
    result.huge_pages = HugePages::never;
    return result;
  }
};

class CacheSubject {
 public:
  explicit CacheSubject(std::size_t capacity) : cache_(std::make_shared<MemoryCache>(options(capacity))) {}
  ICache& cache() { return *cache_; }
  class User {
   public:
    explicit User(CacheSubject& subject) : cache_(*subject.cache_) {}
    bool get(std::string_view key) {
      const auto found = cache_.read(key, value_);
      return found.ok() && found.value() == Found::hit;
    }
    void set(std::string_view key, std::string_view value) {
      cache_.set_value(key, value, benchmark_time_to_live);
    }

   private:
    ICache& cache_;
    Value value_;
  };

 private:
  static MemoryCacheOptions options(std::size_t capacity) {
    MemoryCacheOptions result;
    result.max_size = capacity;
    return result;
  }
  std::shared_ptr<ICache> cache_;
};

// The same by the calls of every example.
class GracefulSubject : public CacheSubject {
 public:
  using CacheSubject::CacheSubject;
  class User {
   public:
    explicit User(GracefulSubject& subject) : cache_(subject.cache()) {}
    bool get(std::string_view key) { return cache_.get_value(key).has_value(); }
    void set(std::string_view key, std::string_view value) {
      cache_.set_value(key, value, benchmark_time_to_live);
    }

   private:
    ICache& cache_;
  };
};

template <class Rival>
class RivalSubject {
 public:
  explicit RivalSubject(std::size_t capacity) : rival_(capacity) {}
  class User {
   public:
    explicit User(RivalSubject& subject) : rival_(subject.rival_) {}
    bool get(std::string_view key) { return rival_.get(key, value_); }
    void set(std::string_view key, std::string_view value) { rival_.set(key, value, benchmark_time_to_live); }

   private:
    Rival& rival_;
    std::string value_;
  };

 private:
  Rival rival_;
};

using HandMadeSubject = RivalSubject<HandMadeCache>;
using FlatSubject = RivalSubject<ShardedFlatCache>;
#ifdef CACHESITE_BENCH_ROCKSDB
using RocksdbLruSubject = RivalSubject<RocksdbLru>;
using RocksdbHyperClockSubject = RivalSubject<RocksdbHyperClock>;
#endif

template <class Subject, class Keys>
void fill(Subject& subject, const Keys& keys, std::size_t count, std::string_view value) {
  typename Subject::User user(subject);
  for (std::size_t i = 0; i < count; ++i)
    user.set(keys[i], value);
}

}  // namespace cachesite::bench
