#include "layers/hooked/hook_list.hpp"

#include <cachesite/composite_hook.hpp>

#include <utility>

namespace cachesite {

using layers::HookList;

ParameterTable CompositeHookOptions::parameters() {
  return {parameter("hooks", &CompositeHookOptions::hooks, "The hooks, called in this order.").required()};
}

CompositeHook::CompositeHook(const CompositeHookOptions& options, const ComponentContext& context)
    : hooks_(std::make_unique<HookList>(HookList::hooks_of(options.hooks), context.label, context.logger)) {}

CompositeHook::CompositeHook(std::vector<std::shared_ptr<ICacheHook>> hooks, const ComponentContext& context)
    : hooks_(
          std::make_unique<HookList>(HookList::hooks_of(std::move(hooks)), context.label, context.logger)) {}

CompositeHook::~CompositeHook() = default;

void CompositeHook::before(const CacheCall& call) {
  hooks_->before(call);
}

void CompositeHook::after(const CacheCall& call, const CacheCallResult& result,
                          std::chrono::nanoseconds duration) {
  hooks_->after(call, result, duration);
}

void CompositeHook::on_error(const CacheCall& call, const Error& error, std::chrono::nanoseconds duration) {
  hooks_->on_error(call, error, duration);
}

bool CompositeHook::needs_thread() const noexcept {
  return hooks_->needs_thread();
}

}  // namespace cachesite
