#pragma once

#include <cachesite/cache_hook.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <memory>
#include <string>
#include <vector>

namespace cachesite {

namespace layers {
class HookList;
}

/// Settings of a HookedCache, explained by `cachesite describe HookedCache` and configs/reference.md.
struct HookedCacheOptions {
  Reference<ICache> over;
  std::vector<Reference<ICacheHook>> hooks;

  static ParameterTable parameters();
};

/// Calls hooks for every call that goes through it (see ICacheHook). Hooks see the keys that this cache gets,
/// so it belongs over a PrefixCache, not under it.
///
/// Exceptions of a hook are ignored: the first one is logged as a warning, and 100 events in a row without
/// one are logged as its end. Exceptions and failures of the cache below are one `on_error`.
///
/// Asynchronous calls go on without a thread if no hook needs one (see ICacheHook::needs_thread).
class HookedCache final : public CacheLayer {
 public:
  using passes_on = PassedOn;
  using Options = HookedCacheOptions;

  /// Throws std::invalid_argument when `over` or a hook is not set.
  explicit HookedCache(const HookedCacheOptions& options, const ComponentContext& context = {});
  /// For a program without a file. Throws std::invalid_argument for a null pointer.
  HookedCache(std::shared_ptr<ICache> below, std::vector<std::shared_ptr<ICacheHook>> hooks,
              const ComponentContext& context = {});
  ~HookedCache() override;

 protected:
  void do_begin(CacheRequest& request) override;
  bool do_begin_async(AsyncRequest& call) override;
  [[nodiscard]] bool may_wait() const noexcept override { return below_may_wait(); }

 private:
  class Events;
  class AsyncEvents;

  const std::string label_;
  const std::shared_ptr<const IClock> clock_;
  const detail::ImplementationPointer<layers::HookList> hooks_;
};

}  // namespace cachesite
