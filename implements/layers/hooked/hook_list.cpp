#include "layers/hooked/hook_list.hpp"

#include "binding/component_name.hpp"

namespace cachesite::layers {

HookList::Hooks HookList::hooks_of(const std::vector<Reference<ICacheHook>>& references) {
  return named_listeners(references, binding::shown_name);
}

HookList::Hooks HookList::hooks_of(std::vector<std::shared_ptr<ICacheHook>> pointers) {
  Hooks hooks;
  for (auto& pointer : pointers)
    hooks.emplace_back(std::to_string(hooks.size() + 1), std::move(pointer));
  return hooks;
}

void HookList::before(const CacheCall& call) noexcept {
  list_.each([&](ICacheHook& hook) { hook.before(call); });
}

void HookList::after(const CacheCall& call, const CacheCallResult& result,
                     std::chrono::nanoseconds duration) noexcept {
  list_.each([&](ICacheHook& hook) { hook.after(call, result, duration); });
}

void HookList::on_error(const CacheCall& call, const Error& error,
                        std::chrono::nanoseconds duration) noexcept {
  list_.each([&](ICacheHook& hook) { hook.on_error(call, error, duration); });
}

bool HookList::needs_thread() const noexcept {
  return list_.any([](const ICacheHook& hook) { return hook.needs_thread(); });
}

}  // namespace cachesite::layers
