#include "basics/key_hash.hpp"
#include "basics/per_process.hpp"
#include "memory/objects/object_shard.hpp"

#include <cachesite/cache.hpp>
#include <cachesite/detail/object_table.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <new>
#include <stdexcept>
#include <utility>

namespace cachesite {

namespace {

constexpr std::size_t most_shards = 16;
constexpr std::uint64_t least_objects = 64;         // of a shard, where there are several
constexpr std::uint64_t least_bytes = 1024 * 1024;  // the same
constexpr std::size_t longest_copied = 2 * 1024;    // by a cache in memory; it shares what is longer
constexpr std::size_t longest_kept_scratch = 64 * 1024;

const ObjectTableOptions& checked(const ObjectTableOptions& options) {
  if (options.max_size == 0) throw std::invalid_argument("ObjectTable: max_size: must be at least 1");
  if (options.max_bytes == 0) throw std::invalid_argument("ObjectTable: max_bytes: must be at least 1");
  return options;
}

std::size_t shards_for(const ObjectTableOptions& options) {
  const auto wanted = std::min(options.max_size / least_objects, options.max_bytes / least_bytes);
  return std::bit_floor(std::clamp<std::uint64_t>(wanted, 1, most_shards));
}

// Memory to read values into that do not lie in a Value itself, kept for each thread. It is taken out while it
// is in use, since a cache may call the program, and the program a cache. What a cache shares would end the
// memory for what it copies, so that is another one.
class Scratch {
 public:
  explicit Scratch(const Value& expected) : spare_(spares[expected.size() > longest_copied ? 1 : 0]) {
    if (expected.size() > Value::inline_capacity) value_ = std::move(spare_);
  }
  ~Scratch() {
    if (value_.size() > Value::inline_capacity && value_.size() <= longest_kept_scratch)
      spare_ = std::move(value_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] Value& value() noexcept { return value_; }

 private:
  static thread_local std::array<Value, 2> spares;
  Value& spare_;
  Value value_;
};

thread_local std::array<Value, 2> Scratch::spares;

}  // namespace

class ObjectTable::Inner {
 public:
  explicit Inner(const ObjectTableOptions& options)
      : shards_in_use_(shards_for(options)),
        limits_{options.max_size / shards_in_use_, options.max_bytes / shards_in_use_} {}

  [[nodiscard]] memory::HashedKey hashed(std::string_view key) const noexcept {
    return {key, basics::hash_key(key, seed_)};
  }
  memory::ObjectShard& shard(const memory::HashedKey& key) {
    return shards_[key.hash >> 48U & (shards_in_use_ - 1)].get();
  }

  // What the entry under the key is now made of, which is not what the table has.
  Result<Found> make(const memory::HashedKey& key, const Value& bytes, const IObjectMaker& maker,
                     std::shared_ptr<const void>& object) {
    made_.fetch_add(1, std::memory_order_relaxed);
    auto found = maker.make(ByteView(bytes.text()), object);
    if (found.ok() && found.value() == Found::hit && object)
      keep(key, {bytes, object});
    else
      shard(key).forget(key);
    return found;
  }

  [[nodiscard]] ObjectTableStatistics statistics() {
    ObjectTableStatistics statistics;
    statistics.made = made_.load(std::memory_order_relaxed);
    for (std::size_t index = 0; index < shards_in_use_; ++index) {
      const auto held = shards_[index].get().held();
      statistics.objects += held.objects;
      statistics.bytes += held.bytes;
    }
    return statistics;
  }

 private:
  void keep(const memory::HashedKey& key, const memory::KeptObject& kept) {
    try {
      shard(key).keep(key, kept, limits_);
    } catch (const std::bad_alloc&) {
      shard(key).forget(key);
    }
  }

  const std::size_t shards_in_use_;
  const memory::ObjectShard::Limits limits_;
  const basics::HashSeed seed_ = basics::HashSeed::random();
  std::array<basics::PerProcess<memory::ObjectShard>, most_shards> shards_;
  std::atomic<std::uint64_t> made_{0};
};

namespace {

template <class Call>
Result<Found> guarded(Call&& call) noexcept {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::no_memory);
  } catch (...) {
    return Error(ErrorCode::corrupt, "the serialiser threw an exception");
  }
}

}  // namespace

ObjectTable::ObjectTable(ObjectTableOptions options) : inner_(std::make_unique<Inner>(checked(options))) {}

ObjectTable::~ObjectTable() = default;

Result<Found> ObjectTable::read(ICache& cache, std::string_view key, const IObjectMaker& maker,
                                std::shared_ptr<const void>& object) noexcept {
  return guarded([&]() -> Result<Found> {
    const auto hashed = inner_->hashed(key);
    auto kept = inner_->shard(hashed).find(hashed);
    Scratch scratch(kept.bytes);
    const auto found = cache.read(key, scratch.value());
    if (!found.ok()) return found;
    if (found.value() != Found::hit) {
      if (kept.object) inner_->shard(hashed).forget(hashed);
      return found;
    }
    if (!kept.is_of(scratch.value())) return inner_->make(hashed, scratch.value(), maker, object);
    object = std::move(kept.object);
    return found;
  });
}

Result<Found> ObjectTable::object_of(std::string_view key, const Value& bytes, const IObjectMaker& maker,
                                     std::shared_ptr<const void>& object) noexcept {
  return guarded([&]() -> Result<Found> {
    const auto hashed = inner_->hashed(key);
    auto kept = inner_->shard(hashed).find(hashed);
    if (!kept.is_of(bytes)) return inner_->make(hashed, bytes, maker, object);
    object = std::move(kept.object);
    return Found::hit;
  });
}

ObjectTableStatistics ObjectTable::statistics() const noexcept {
  return inner_->statistics();
}

}  // namespace cachesite
