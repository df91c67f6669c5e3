#pragma once

#include <cachesite/clock.hpp>
#include <cachesite/detail/document_source.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/site.hpp>

#include <memory>
#include <string>

namespace cachesite {

/// What a component is given when a site makes it from a file. A component made in a test or by hand can be
/// given a default-constructed one.
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
  /// The site that the component will live in; null for a component made by hand. During construction it
  /// holds the components of the same file that come earlier; it outlives the component's use.
  IComponentSite* site = nullptr;
  /// Never null.
  std::shared_ptr<ILogger> logger = silent_logger();
  /// Never null.
  std::shared_ptr<const IClock> clock = steady_clock();
  /// Reads files for the component. Never null.
  std::shared_ptr<const IDocumentSource> documents = no_documents();
};

}  // namespace cachesite
