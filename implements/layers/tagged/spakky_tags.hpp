#pragma once

#include <cachesite/redis.hpp>
#include <cachesite/redis_command.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_to_live.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cachesite::layers {

// Tags as sets of full keys, the layout of spakky-redis. Tags are distinct and have been checked.
class SpakkyTags {
 public:
  static constexpr std::string_view key_prefix = "__tag__:";

  SpakkyTags(std::shared_ptr<IRedis> redis, std::string prefix);

  Status write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
               std::span<const std::string_view> tags) const;
  // How many entries there were.
  Result<std::uint64_t> evict(std::span<const std::string_view> tags) const;

 private:
  Result<std::uint64_t> evict_one(const std::string& set) const;

  const std::shared_ptr<IRedis> redis_;
  const std::string prefix_;
  const RedisScript write_;
  const RedisScript evict_;
};

}  // namespace cachesite::layers
