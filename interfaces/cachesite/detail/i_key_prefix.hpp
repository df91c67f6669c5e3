#pragma once

#include <string_view>

namespace cachesite::detail {

/// A layer that puts something in front of each key for the cache below.
class IKeyPrefix {
 public:
  /// Valid as long as the cache.
  [[nodiscard]] virtual std::string_view key_prefix() const noexcept = 0;

 protected:
  ~IKeyPrefix() = default;
};

}  // namespace cachesite::detail
