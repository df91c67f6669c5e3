#pragma once

#include <cachesite/component_context.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/mutex_site.hpp>
#include <cachesite/parameter.hpp>

#include <chrono>
#include <memory>
#include <string_view>

namespace cachesite {

/// Settings of a MemoryMutexSite.
struct MemoryMutexSiteOptions {
  /// Length of a lease whose request gives none.
  std::chrono::milliseconds expire{30'000};

  static ParameterTable parameters();
};

/// Mutexes among the threads of one process, for programs that need no more and for tests. Those of two sites
/// have nothing to do with each other. A lease that is renewed never ends by itself here.
///
/// In a child that the process forks calls end with `closed`, and leases stay the parent's; a child makes a
/// component of its own.
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
