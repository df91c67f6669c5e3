#pragma once

#include <cachesite/cache_hook.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/reference.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cachesite::layers {

// Hooks that are called in their order, none of which can harm another one or the caller.
class HookList {
 public:
  using Hooks = std::vector<std::pair<std::string, std::shared_ptr<ICacheHook>>>;

  // Throws std::invalid_argument for a null pointer.
  HookList(Hooks hooks, std::string label, std::shared_ptr<ILogger> logger);
  ~HookList();

  static Hooks hooks_of(const std::vector<Reference<ICacheHook>>& references);
  static Hooks hooks_of(std::vector<std::shared_ptr<ICacheHook>> pointers);

  void before(const CacheCall& call) noexcept;
  void after(const CacheCall& call, const CacheCallResult& result,
             std::chrono::nanoseconds duration) noexcept;
  void on_error(const CacheCall& call, const Error& error, std::chrono::nanoseconds duration) noexcept;

 private:
  // Events in a row without an exception after which a hook is said to work again.
  static constexpr std::uint32_t quiet_events = 100;

  struct Entry {
    std::string name;
    std::shared_ptr<ICacheHook> hook;
    std::atomic<std::uint32_t> quiet_events_left{0};  // 0 while the hook works
  };

  template <class Event>
  void each(Event&& event) noexcept;
  void threw(Entry& entry, const std::exception_ptr& thrown) noexcept;
  void worked(Entry& entry) noexcept;

  std::vector<std::unique_ptr<Entry>> entries_;
  const std::string label_;
  const std::shared_ptr<ILogger> logger_;
};

}  // namespace cachesite::layers
