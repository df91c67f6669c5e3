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

/// Settings of a CompositeHook, explained by `cachesite describe CompositeHook` and configs/reference.md.
struct CompositeHookOptions {
  std::vector<Reference<ICacheHook>> hooks;

  static ParameterTable parameters();
};

/// Combines several hooks, so that many caches can use a set that is declared once. As in a HookedCache, a
/// hook that throws does not affect the others.
class CompositeHook final : public ICacheHook {
 public:
  using Options = CompositeHookOptions;

  /// Throws std::invalid_argument for an unset hook.
  explicit CompositeHook(const CompositeHookOptions& options, const ComponentContext& context = {});
  /// For a program without a file. Throws std::invalid_argument for a null pointer.
  explicit CompositeHook(std::vector<std::shared_ptr<ICacheHook>> hooks,
                         const ComponentContext& context = {});
  ~CompositeHook() override;

  void before(const CacheCall& call) override;
  void after(const CacheCall& call, const CacheCallResult& result,
             std::chrono::nanoseconds duration) override;
  void on_error(const CacheCall& call, const Error& error, std::chrono::nanoseconds duration) override;
  /// Whether any of the hooks does.
  [[nodiscard]] bool needs_thread() const noexcept override;

 private:
  const detail::ImplementationPointer<layers::HookList> hooks_;
};

}  // namespace cachesite
