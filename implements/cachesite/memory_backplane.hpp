#pragma once

#include <cachesite/backplane.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/parameter.hpp>

#include <chrono>
#include <memory>

namespace cachesite {

/// Settings of a MemoryBackplane: none.
struct MemoryBackplaneOptions {
  static ParameterTable parameters() { return {}; }
};

/// What caches of one process tell each other about changes, such as several near tiers over one store, for which
/// `coherence: backplane` of each names it. Other processes hear nothing: see RedisBackplane.
///
/// A change is told by the thread that makes it, before its call returns; so none is missed, and it needs no
/// thread and no time. In a forked child it goes on.
class MemoryBackplane final : public IBackplane {
 public:
  using provides = Provides<IBackplane>;
  using Options = MemoryBackplaneOptions;

  explicit MemoryBackplane(const Options& options = {}, const ComponentContext& context = {});
  ~MemoryBackplane() override;

  /// Vouches for nothing from here on.
  void stop() noexcept override;
  [[nodiscard]] std::unique_ptr<IBackplaneWatch> watch(IBackplaneListener& listener,
                                                       std::chrono::milliseconds proof) override;

 private:
  class Inner;
  class Watch;
  const std::shared_ptr<Inner> inner_;
};

}  // namespace cachesite
