#pragma once

#include <string_view>

namespace cachesite::detail {

/// A layer that keeps a key of its own for each tag, which is gone once the tag is evicted.
class ITagMarkers {
 public:
  /// What these keys begin with, before the tag. Valid as long as the cache.
  [[nodiscard]] virtual std::string_view marker_prefix() const noexcept = 0;

 protected:
  ~ITagMarkers() = default;
};

}  // namespace cachesite::detail
