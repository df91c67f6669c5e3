#pragma once

#include <cachesite/logger.hpp>

#include <memory>
#include <string_view>

namespace cachesite {

/// Gives out loggers by topic, so that each part of a program has one of its own. All calls are safe from any
/// thread.
class ILoggerSite : public Interface<ILoggerSite, "ILoggerSite"> {
 public:
  /// The logger of a topic, such as "shop" or "shop.orders"; never null. What is written without a topic has
  /// this one. It may be used longer than the component is registered.
  [[nodiscard]] virtual std::shared_ptr<ILogger> get_logger(std::string_view topic) = 0;

  /// The lowest level that goes anywhere for a topic.
  [[nodiscard]] virtual LogLevel level(std::string_view topic) const noexcept = 0;

  /// Changes the level of a topic and of those below it (`shop.orders` is below `shop`); "" is all topics
  /// without a level of their own.
  virtual void set_level(std::string_view topic, LogLevel level) = 0;
};

}  // namespace cachesite
