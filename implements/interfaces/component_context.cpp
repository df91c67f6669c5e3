#include <cachesite/component_context.hpp>

#include <memory>

namespace cachesite {

std::shared_ptr<ILogger> ComponentContext::silent_logger() {
  return std::make_shared<SilentLogger>();
}

std::shared_ptr<const IClock> ComponentContext::steady_clock() {
  return std::make_shared<SteadyClock>();
}

std::shared_ptr<const IDocumentSource> ComponentContext::no_documents() {
  return std::make_shared<NoDocuments>();
}

}  // namespace cachesite
