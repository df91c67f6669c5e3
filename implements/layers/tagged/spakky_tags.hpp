#pragma once

#include "basics/partial_removal.hpp"
#include "layers/tagged/tag_store.hpp"

#include <cachesite/redis.hpp>

#include <memory>
#include <string>

namespace cachesite::layers {

// Tags as sets of full keys, the layout of spakky-redis.
class SpakkyTags final : public TagStore {
 public:
  SpakkyTags(std::shared_ptr<IRedis> redis, std::string prefix);

  [[nodiscard]] std::string_view reserved() const noexcept override { return "__tag__:"; }
  Status store(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
               std::span<const std::string_view> tags) const override;
  // How many entries there were.
  Result<std::uint64_t> evict(std::span<const std::string_view> tags) const override;

 private:
  [[nodiscard]] std::string set_of(std::string_view tag) const;
  void evict_one(const std::string& set, basics::PartialRemoval& removal) const;

  const std::shared_ptr<IRedis> redis_;
  const std::string prefix_;
  const RedisScript write_;
  const RedisScript evict_;
};

}  // namespace cachesite::layers
