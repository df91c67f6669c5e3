#pragma once

#include <cachesite/component_context.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/mutex.hpp>
#include <cachesite/parameter.hpp>

#include <chrono>
#include <memory>
#include <string_view>

namespace cachesite {

/// Settings of a MemoryMutexSite, explained by `cachesite describe MemoryMutexSite` and configs/reference.md.
struct MemoryMutexSiteOptions {
  std::chrono::milliseconds expire{30'000};

  static ParameterTable parameters();
};

/// Mutexes for the threads of one process, also for tests. Mutexes of two sites are independent. A renewed
/// lease never ends by itself.
///
/// In a forked child every call fails with `closed`, and the leases belong to the parent; the child creates
/// its own component.
class MemoryMutexSite final : public IMutexSite {
 public:
  using Options = MemoryMutexSiteOptions;

  explicit MemoryMutexSite(Options options = {}, const ComponentContext& context = {});
  ~MemoryMutexSite() override;

  void stop() noexcept override;
  [[nodiscard]] std::shared_ptr<IMutex> get_mutex(std::string_view name) override;
  [[nodiscard]] std::shared_ptr<IMutex> get_reentrant_mutex(std::string_view name) override;

 private:
  class Inner;
  const detail::ImplementationPointer<Inner> inner_;
};

}  // namespace cachesite
