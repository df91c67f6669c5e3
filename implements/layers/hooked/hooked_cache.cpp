#include "layers/base/request_end.hpp"
#include "layers/hooked/hook_list.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/hooked_cache.hpp>

#include <utility>

namespace cachesite {

using layers::HookList;

namespace {

// A read of an entry that has ended, which follows an ordinary one of the same call.
bool is_second_read(const CacheRequest& request) noexcept {
  return request.stale != nullptr && request.target == nullptr;
}

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

// What hooks are told of one call. Its key has to be valid until the end.
class HookedCache::Events {
 public:
  Events(const HookedCache& cache, const CacheRequest& request, std::string_view key) noexcept
      : cache_(cache),
        call_{request.operation, cache.label_, request.is_batch() ? std::string_view() : key,
              layers::keys_of(request)},
        found_before_(request.found != nullptr ? request.found->size() : 0) {
    cache_.hooks_->before(call_);
    begin_ = cache_.clock_->now();
  }

  void end(const CacheRequest& request) const noexcept {
    const auto duration = cache_.clock_->now() - begin_;
    const auto end = layers::end_of(request, found_before_);
    if (end.failure == nullptr)
      cache_.hooks_->after(call_, end.result, duration);
    else
      cache_.hooks_->on_error(call_, *end.failure, duration);
  }
  void end_without_caller() const noexcept {
    const auto duration = cache_.clock_->now() - begin_;
    cache_.hooks_->on_error(call_, Error(ErrorCode::closed, "the caller has left", Outcome::unknown),
                            duration);
  }

 private:
  const HookedCache& cache_;
  const CacheCall call_;
  const std::size_t found_before_;
  IClock::TimePoint begin_;
};

class HookedCache::AsyncEvents final : public AsyncStep {
 public:
  AsyncEvents(const HookedCache& cache, AsyncRequest& call, std::string_view key) noexcept
      : events_(cache, call.request(), key) {}
  AsyncEvents(const AsyncEvents&) = delete;
  AsyncEvents& operator=(const AsyncEvents&) = delete;
  ~AsyncEvents() {
    if (!ended_) events_.end_without_caller();
  }

  bool after(AsyncRequest& call) override {
    ended_ = true;
    events_.end(call.request());
    return true;
  }

 private:
  const Events events_;
  bool ended_ = false;
};

void HookedCache::do_begin(CacheRequest& request) {
  if (is_second_read(request)) return forward(request);
  const Events events(*this, request, request.key);
  forward_guarded(request);
  events.end(request);
}

bool HookedCache::do_begin_async(AsyncRequest& call) {
  if (hooks_->needs_thread()) return CacheLayer::do_begin_async(call);
  if (is_second_read(call.request())) return forward_async(call);
  call.add_step<AsyncEvents>(*this, call, call.memory().copy(call.request().key));
  return forward_async(call);
}

}  // namespace cachesite
