#pragma once

#include <cachesite/logical_cache.hpp>

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::logical {

// The parts of a logical cache, put on from the store outwards.
class CacheParts {
 public:
  CacheParts(const CacheOptions& options, const ComponentContext& context);

  // The outermost of all; the store when there is no part.
  [[nodiscard]] const std::shared_ptr<ICache>& top() const noexcept { return top_; }
  // From the outermost inwards.
  [[nodiscard]] const std::vector<LogicalCache::Part>& list() const noexcept { return list_; }
  [[nodiscard]] void* find(const InterfaceId& interface_id) const noexcept;
  // Whether the whole is of use without its store.
  [[nodiscard]] bool works_without_store() const noexcept { return works_without_store_; }
  // From the outermost inwards.
  void stop() noexcept;

  // For an interface that the whole implements in the place of a part.
  template <class I>
  void offer(I& implementation) {
    interfaces_.emplace_back(I::interface_id, &implementation);
  }

 private:
  void add(std::string_view name, std::string_view class_name, std::shared_ptr<ICache> part);
  template <class Layer, class Options>
  std::shared_ptr<Layer> put_on(std::string_view name, std::string_view class_name, Options options);
  void add_codec(const CacheOptions& options);
  void add_near(const NearOptions& options);
  void add_remember(const CacheOptions& options);

  const ComponentContext context_;
  std::shared_ptr<ICache> top_;
  std::vector<LogicalCache::Part> list_;
  std::vector<std::pair<InterfaceId, void*>> interfaces_;
  bool works_without_store_ = false;
};

}  // namespace cachesite::logical
