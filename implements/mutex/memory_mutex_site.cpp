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

MemoryMutexSite::MemoryMutexSite(Options options, const ComponentContext& context)
    : engine_(basics::make_process_bound<mutexes::Engine>(
          std::make_unique<mutexes::MemoryBackend>(),
          mutexes::EngineOptions{options.expire, std::chrono::milliseconds(0), context.label, context.logger,
                                 context.clock})) {}

MemoryMutexSite::~MemoryMutexSite() {
  engine_->stop();
}

void MemoryMutexSite::stop() noexcept {
  engine_->stop();
}

std::shared_ptr<IMutex> MemoryMutexSite::get_mutex(std::string_view name) {
  return engine_->make_mutex(name, false);
}

std::shared_ptr<IMutex> MemoryMutexSite::get_reentrant_mutex(std::string_view name) {
  return engine_->make_mutex(name, true);
}

}  // namespace cachesite
