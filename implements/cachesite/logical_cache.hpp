#pragma once

#include <cachesite/cache_layer.hpp>
#include <cachesite/cache_metrics.hpp>
#include <cachesite/cache_options.hpp>
#include <cachesite/codec_statistics.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/computing_cache.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/failover_statistics.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace cachesite {

/// One cache with everything that it is declared with, each part being a layer over the next. Their order is
/// always this one, whatever order a file has:
///
///     remember    outside of all, so that what is computed is computed once whatever else there is
///     tags        over the copies, so that an eviction ends them too
///     hooks       see what tags ask for as well
///     metrics     count reads of copies
///     near        copies of plain values, so that a hit decodes nothing
///     ttl         (with max_ttl and rules) what the copies do not need
///     codec       whatever lies in a store, the second one included, is encoded
///     prefix      is of the store alone: it makes keys longer for nobody else
///     failover    next to the store that may fail
///     store
///
/// It is one component: `health()` and `statistics()` are those of the whole. While the store is away, a cache
/// with copies, or one that computes, is degraded and not down. The interfaces of its parts, such as
/// ITaggedCache of `tags`, are found by `find_interface`, and in a site under the name of the cache.
///
/// `stop()` stops the parts; the store is stopped by its owner.
class LogicalCache final : public CacheLayer {
 public:
  using provides = Provides<ICache, IComputingCache, ITaggedCache, ITieredCache, ICacheMetrics,
                            ICodecStatistics, IFailoverStatistics>;
  using Options = CacheOptions;

  /// A part, and what it is called in files.
  struct Part {
    std::string_view name;
    std::string_view class_name;
    std::shared_ptr<ICache> cache;
  };

  /// Throws std::invalid_argument with the first of `options.complaints()`, when `store` is not set, and when
  /// a part refuses its settings.
  explicit LogicalCache(CacheOptions options, const ComponentContext& context = {});
  ~LogicalCache() override;

  void stop() noexcept override;
  [[nodiscard]] Health health() const override;
  [[nodiscard]] void* interface_of_part(const InterfaceId& interface_id) const noexcept override;

  /// The parts from the outermost to the one next to the store, and the cache that holds the near copies
  /// behind the part `near`.
  [[nodiscard]] const std::vector<Part>& parts() const noexcept;

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;

 private:
  class Inner;
  explicit LogicalCache(std::unique_ptr<Inner> inner);

  const detail::ImplementationPointer<Inner> inner_;
};

/// A logical cache without a file. Throws as the constructor of LogicalCache does.
[[nodiscard]] std::shared_ptr<LogicalCache> make_cache(CacheOptions options,
                                                       const ComponentContext& context = {});

}  // namespace cachesite
