#pragma once

#include <cachesite/detail/batch_part.hpp>
#include <cachesite/value_layer.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace cachesite {

// The entries of a batch in the form in which they are stored, on their way down and back.
class ValueLayer::StoredBatch {
 public:
  // Ends the items that have no such form. The batch has to live as long; of its entries nothing is read later.
  // Throws std::bad_alloc.
  StoredBatch(ValueLayer& layer, CacheRequest& batch);
  StoredBatch(const StoredBatch&) = delete;
  StoredBatch& operator=(const StoredBatch&) = delete;
  ~StoredBatch() = default;

  // What is for the cache below.
  [[nodiscard]] CacheRequest& request() noexcept { return part_->request(); }
  // After it has been answered.
  void hand_back() noexcept;

 private:
  [[nodiscard]] Result<std::optional<ByteView>> stored(const CacheEntry& entry, std::string& memory) noexcept;

  ValueLayer& layer_;
  const CacheRequest& batch_;
  std::vector<std::string> memory_;
  std::vector<std::optional<ByteView>> plain_;  // those of the part
  std::optional<detail::BatchPart> part_;
};

}  // namespace cachesite
