#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/result.hpp>
#include <cachesite/value.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace cachesite {

class ICache;

/// What a table of objects did since it was made, and what it holds.
struct ObjectTableStatistics {
  std::uint64_t made = 0;     ///< objects made of bytes; every other hit found its object
  std::uint64_t objects = 0;  ///< objects held now
  std::uint64_t bytes = 0;    ///< what they are counted as
};

/// Makes an object of the bytes of an entry. Says Found::null for bytes that say that there is none.
class IObjectMaker {
 public:
  virtual Result<Found> make(ByteView bytes, std::shared_ptr<const void>& object) const = 0;

 protected:
  ~IObjectMaker() = default;
};

/// The objects that a TypedCache made of entries, so that it need not make them again; see ObjectTable. All
/// calls are safe from any thread.
class IObjectTable {
 public:
  virtual ~IObjectTable() = default;

  /// Reads the entry under `key`, and gives the object of its bytes.
  virtual Result<Found> read(ICache& cache, std::string_view key, const IObjectMaker& maker,
                             std::shared_ptr<const void>& object) noexcept = 0;
  /// The object of bytes that were just read under `key`.
  virtual Result<Found> object_of(std::string_view key, const Value& bytes, const IObjectMaker& maker,
                                  std::shared_ptr<const void>& object) noexcept = 0;
  [[nodiscard]] virtual ObjectTableStatistics statistics() const noexcept = 0;
};

}  // namespace cachesite
