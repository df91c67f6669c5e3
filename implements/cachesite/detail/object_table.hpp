#pragma once

#include <cachesite/detail/i_object_table.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace cachesite {

/// Settings of an ObjectTable.
struct ObjectTableOptions {
  /// Most objects held.
  std::uint64_t max_size = 10'000;
  /// Most bytes held. What an object takes is not known, so it is counted as twice the bytes of its entry, and
  /// its key and 256 bytes more.
  std::uint64_t max_bytes = std::uint64_t{64} * 1024 * 1024;
};

/// Keeps the objects that a TypedCache made of entries in memory, so that a hit parses nothing:
///
///     cachesite::TypedCache<std::shared_ptr<const Product>, cachesite::JsonSerializer> products(
///         site->get_component<cachesite::ICache>("products"), std::make_unique<cachesite::ObjectTable>());
///     if (auto lookup = products.get("product:7"); lookup.hit()) show(*lookup.value());
///
/// Every read asks the cache first, and an object is handed out only when it was made of the very bytes that
/// the cache answers with. So it is as new as these bytes, whoever changed the entry, and it ends with the
/// entry: by its TTL, by a removal, by an eviction, by its tags. It is for caches that answer from memory, such
/// as a MemoryCache, or a TieredCache or `class: Cache` with a near tier; over others it saves the parsing only.
///
/// A hit compares the bytes and takes one lock, of one of up to 16 parts of the table. It allocates nothing
/// unless the cache does. Callers share the object, which must not change. Memory is given back when a read
/// finds that the entry is gone or replaced, and when others need the room, the longest unused first; callers
/// may hold objects for longer.
///
/// In a child that the process forks the table starts empty.
class ObjectTable final : public IObjectTable {
 public:
  /// Throws std::invalid_argument when a limit is 0, and std::bad_alloc.
  explicit ObjectTable(ObjectTableOptions options = {});
  ~ObjectTable() override;

  Result<Found> read(ICache& cache, std::string_view key, const IObjectMaker& maker,
                     std::shared_ptr<const void>& object) noexcept override;
  Result<Found> object_of(std::string_view key, const Value& bytes, const IObjectMaker& maker,
                          std::shared_ptr<const void>& object) noexcept override;
  [[nodiscard]] ObjectTableStatistics statistics() const noexcept override;

 private:
  class Inner;

  const std::unique_ptr<Inner> inner_;
};

}  // namespace cachesite
