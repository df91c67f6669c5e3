#pragma once

#include "layers/base/guarded_listeners.hpp"

#include <cachesite/cache_hook.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cachesite::layers {

// Hooks that are called in their order, none of which can harm another one or the caller.
class HookList {
 public:
  using Hooks = ListenerList<ICacheHook>::Named;

  // Throws std::invalid_argument for a null pointer.
  HookList(Hooks hooks, std::string label, std::shared_ptr<ILogger> logger)
      : list_("hooks", "hook", std::move(hooks), std::move(label), std::move(logger)) {}

  static Hooks hooks_of(const std::vector<Reference<ICacheHook>>& references);
  static Hooks hooks_of(std::vector<std::shared_ptr<ICacheHook>> pointers);

  void before(const CacheCall& call) noexcept;
  void after(const CacheCall& call, const CacheCallResult& result,
             std::chrono::nanoseconds duration) noexcept;
  void on_error(const CacheCall& call, const Error& error, std::chrono::nanoseconds duration) noexcept;
  [[nodiscard]] bool needs_thread() const noexcept;

 private:
  ListenerList<ICacheHook> list_;
};

}  // namespace cachesite::layers
