#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_to_live.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cachesite::layers {

// Keeps which entries a tag has. Tags are distinct and have been checked.
class TagStore {
 public:
  virtual ~TagStore() = default;

  // What the keys begin with that are its own.
  [[nodiscard]] virtual std::string_view reserved() const noexcept = 0;
  virtual Status store(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                       std::span<const std::string_view> tags) const = 0;
  virtual Result<std::uint64_t> evict(std::span<const std::string_view> tags) const = 0;
};

}  // namespace cachesite::layers
