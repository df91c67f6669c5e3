#include "basics/inherited.hpp"
#include "mutex/engine.hpp"
#include "mutex/memory_backend.hpp"

#include <cachesite/memory_mutex_site.hpp>

namespace cachesite {

namespace {

constexpr std::chrono::milliseconds longest_lease{TimeToLive::longest};

}  // namespace

ParameterTable MemoryMutexSiteOptions::parameters() {
  using O = MemoryMutexSiteOptions;
  return {
      parameter("expire", &O::expire, "Length of a lease whose request gives none.")
          .between(std::chrono::milliseconds(1), longest_lease),
  };
}

class MemoryMutexSite::Inner {
 public:
  Inner(const Options& options, const ComponentContext& context)
      : engine(basics::make_process_bound<mutex::Engine>(
            std::make_unique<mutex::MemoryBackend>(),
            mutex::EngineOptions{options.expire, std::chrono::milliseconds(0), context.label, context.logger,
                                 context.clock})) {}

  const std::shared_ptr<mutex::Engine> engine;
};

MemoryMutexSite::MemoryMutexSite(Options options, const ComponentContext& context)
    : inner_(std::make_unique<Inner>(options, context)) {}

MemoryMutexSite::~MemoryMutexSite() {
  inner_->engine->stop();
}

void MemoryMutexSite::stop() noexcept {
  inner_->engine->stop();
}

std::shared_ptr<IMutex> MemoryMutexSite::get_mutex(std::string_view name) {
  return inner_->engine->make_mutex(name, false);
}

std::shared_ptr<IMutex> MemoryMutexSite::get_reentrant_mutex(std::string_view name) {
  return inner_->engine->make_mutex(name, true);
}

}  // namespace cachesite
