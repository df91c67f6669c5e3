#pragma once

#include <cachesite/cache_hook.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace cachesite {

namespace layers {
class HookList;
}

/// Settings of a CompositeHook.
struct CompositeHookOptions {
  /// Called in this order.
  std::vector<Reference<ICacheHook>> hooks;

  static ParameterTable parameters();
};

/// Several hooks as one, so that a set of them is declared once and used by many caches. A hook that throws
/// does not keep the others from being called, as in a HookedCache.
class CompositeHook final : public ICacheHook {
 public:
  using Options = CompositeHookOptions;

  /// Throws std::invalid_argument for a hook that is not set.
  explicit CompositeHook(const CompositeHookOptions& options, const ComponentContext& context = {});
  /// For a program without a file. Throws std::invalid_argument for a null pointer.
  explicit CompositeHook(std::vector<std::shared_ptr<ICacheHook>> hooks,
                         const ComponentContext& context = {});
  ~CompositeHook() override;

  void before(const CacheCall& call) override;
  void after(const CacheCall& call, const CacheCallResult& result,
             std::chrono::nanoseconds duration) override;
  void on_error(const CacheCall& call, const Error& error, std::chrono::nanoseconds duration) override;

 private:
  const detail::ImplementationPointer<layers::HookList> hooks_;
};

}  // namespace cachesite
