#pragma once

#include <cachesite/component.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cachesite {

/// A number that a component tells of itself.
struct ComponentMetric {
  enum class Kind : std::uint8_t {
    counter,  ///< only ever grows, from 0 when the component is made
    gauge,    ///< goes up and down
  };

  /// Letters, digits and underscores, such as `shop_orders_total`; `cachesite_` is the library's own.
  std::string name;
  Kind kind = Kind::counter;
  double value = 0;
  /// What is counted, in one sentence.
  std::string help = {};
  /// Names and values that tell it from others of the same name.
  std::vector<std::pair<std::string, std::string>> labels = {};
};

/// What a component of a program implements beside its own interface to be seen in `prometheus_text`:
///
///     class Shop final : public IShop, public cachesite::IComponentMetrics {
///      public:
///       using provides = cachesite::Provides<IShop, cachesite::IComponentMetrics>;
///       std::vector<cachesite::ComponentMetric> component_metrics() const override {
///         return {{"shop_orders_total", cachesite::ComponentMetric::Kind::counter, orders_, "Orders taken."}};
///       }
///     };
///
/// The component need not be registered under this interface.
class IComponentMetrics : public Interface<IComponentMetrics, "IComponentMetrics"> {
 public:
  /// The present numbers. Called from any thread, for each report; must not wait.
  [[nodiscard]] virtual std::vector<ComponentMetric> component_metrics() const = 0;
};

}  // namespace cachesite
