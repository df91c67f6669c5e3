#include "layers/base/request_end.hpp"
#include "layers/hooked/hook_list.hpp"

#include <cachesite/hooked_cache.hpp>

#include <utility>

namespace cachesite {

namespace {

using layers::HookList;
}  // namespace

ParameterTable HookedCacheOptions::parameters() {
  using O = HookedCacheOptions;
  return {
      parameter("over", &O::over, "The cache whose calls the hooks are told about.").required(),
      parameter("hooks", &O::hooks, "The hooks, called in this order.").required(),
  };
}

HookedCache::HookedCache(const HookedCacheOptions& options, const ComponentContext& context)
    : CacheLayer(options.over.component(), BelowInterfaces::passed_on),
      label_(context.label),
      clock_(context.clock),
      hooks_(std::make_unique<HookList>(HookList::hooks_of(options.hooks), context.label, context.logger)) {}

HookedCache::HookedCache(std::shared_ptr<ICache> below, std::vector<std::shared_ptr<ICacheHook>> hooks,
                         const ComponentContext& context)
    : CacheLayer(std::move(below), BelowInterfaces::passed_on),
      label_(context.label),
      clock_(context.clock),
      hooks_(
          std::make_unique<HookList>(HookList::hooks_of(std::move(hooks)), context.label, context.logger)) {}

HookedCache::~HookedCache() = default;

void HookedCache::do_begin(CacheRequest& request) {
  if (request.stale != nullptr && request.target == nullptr) return forward(request);
  const CacheCall call{request.operation, label_, request.is_batch() ? std::string_view() : request.key,
                       layers::keys_of(request)};
  const auto found_before = request.found != nullptr ? request.found->size() : 0;
  hooks_->before(call);
  const auto begin = clock_->now();
  forward_guarded(request);
  const auto duration = clock_->now() - begin;
  const auto end = layers::end_of(request, found_before);
  if (end.failure == nullptr)
    hooks_->after(call, end.result, duration);
  else
    hooks_->on_error(call, *end.failure, duration);
}

}  // namespace cachesite
