#pragma once

#include <cachesite/clock.hpp>
#include <cachesite/detail/document_source.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/site.hpp>

#include <memory>
#include <string>

namespace cachesite {

/// What a site gives a component that it creates from a file. In a test or without a file, use a
/// default-constructed one.
struct ComponentContext {
 private:
  static std::shared_ptr<ILogger> silent_logger();
  static std::shared_ptr<const IClock> steady_clock();
  static std::shared_ptr<const IDocumentSource> no_documents();

 public:
  /// The component as messages call it, such as `RedisCache "sessions"`.
  std::string label = "component";
  /// The first name that the component has in its site; empty when it has none.
  std::string name;
  /// The site of the component; null for a component that was created without a site. During construction it
  /// holds the components that were created earlier. It outlives the component.
  IComponentSite* site = nullptr;
  /// Never null.
  std::shared_ptr<ILogger> logger = silent_logger();
  /// Never null.
  std::shared_ptr<const IClock> clock = steady_clock();
  /// Reads files for the component. Never null.
  std::shared_ptr<const IDocumentSource> documents = no_documents();
};

}  // namespace cachesite
