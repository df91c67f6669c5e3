#include "basics/checked_options.hpp"
#include "layers/logical/cache_parts.hpp"

#include <cachesite/logical_cache.hpp>

#include <stdexcept>
#include <utility>

namespace cachesite {

namespace {

CacheOptions checked(CacheOptions options, const ComponentContext& context) {
  if (!options.store.component()) throw std::invalid_argument("a Cache needs a store: store is not set");
  if (options.name.empty()) options.name = context.name;
  return checked_options("Cache", std::move(options));
}

// What parts are called in messages and by hooks.
ComponentContext named(ComponentContext context, const CacheOptions& options) {
  if (!context.name.empty() || options.name.empty()) return context;
  context.name = options.name;
  context.label = "Cache \"" + options.name + "\"";
  return context;
}

}  // namespace

// The metrics of a part, with the statistics of the whole: those of the part count what tags ask for too.
class LogicalCache::Inner final : public ICacheMetrics {
 public:
  Inner(const CacheOptions& options, const ComponentContext& context)
      : parts(options, named(context, options)) {
    for (const auto& part : parts.list())
      if (const auto* const metrics = dynamic_cast<const ICacheMetrics*>(part.cache.get()))
        metrics_ = metrics;
    if (metrics_) parts.offer<ICacheMetrics>(*this);
  }

  [[nodiscard]] CacheMetrics metrics() const override {
    auto metrics = metrics_->metrics();
    metrics.statistics = parts.top()->statistics();
    return metrics;
  }
  [[nodiscard]] Health health() const override { return parts.top()->health(); }

  logical::CacheParts parts;

 private:
  const ICacheMetrics* metrics_ = nullptr;
};

LogicalCache::LogicalCache(CacheOptions options, const ComponentContext& context)
    : LogicalCache(std::make_unique<Inner>(checked(std::move(options), context), context)) {}

LogicalCache::LogicalCache(std::unique_ptr<Inner> inner)
    : CacheLayer(inner->parts.top(), inner->parts.find(IComputingCache::interface_id)
                                         ? BelowInterfaces::hidden  // a RememberCache has all by itself
                                         : BelowInterfaces::passed_on),
      inner_(std::move(inner)) {}

LogicalCache::~LogicalCache() = default;

void LogicalCache::stop() noexcept {
  CacheLayer::stop();
  inner_->parts.stop();
}

Health LogicalCache::health() const {
  auto health = CacheLayer::health();
  if (stopped() || health.state != HealthState::down || !inner_->parts.works_without_store()) return health;
  return {HealthState::degraded, "the store fails: " + health.reason};
}

void* LogicalCache::interface_of_part(const InterfaceId& wanted) const noexcept {
  auto* const own = inner_->parts.find(wanted);
  return own ? own : CacheLayer::interface_of_part(wanted);
}

const std::vector<LogicalCache::Part>& LogicalCache::parts() const noexcept {
  return inner_->parts.list();
}

Result<Found> LogicalCache::do_read(std::string_view key, Value& destination) {
  return forward_read(key, destination);
}

Status LogicalCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  return forward_write(key, value, time_to_live);
}

std::shared_ptr<LogicalCache> make_cache(CacheOptions options, const ComponentContext& context) {
  return std::make_shared<LogicalCache>(std::move(options), context);
}

}  // namespace cachesite
