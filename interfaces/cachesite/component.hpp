#pragma once

#include <cachesite/detail/stable_hash.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cachesite {

struct InterfaceId;

/// Whether a component can do its work now.
enum class HealthState : std::uint8_t {
  up,        ///< works
  degraded,  ///< works partly, or works around a failure
  down,      ///< does not work now
};

[[nodiscard]] constexpr std::string_view to_string(HealthState state) noexcept {
  switch (state) {
    case HealthState::up:
      return "up";
    case HealthState::degraded:
      return "degraded";
    case HealthState::down:
      return "down";
  }
  return "unknown";
}

/// The state of a component and, unless it is up, the reason in one sentence. The reason holds no secret.
struct Health {
  HealthState state = HealthState::up;
  std::string reason;
};

/// The root of every component: something that a site holds and a program looks up by interface and name.
///
/// Life cycle of a declared component: constructed (must not block), `start()`, `await_started()`, used from
/// any thread, `stop()`, destroyed. Components are started before, and stopped after, the components that
/// refer to them.
class IComponent {
 public:
  virtual ~IComponent() = default;

  /// Begins background work such as connecting. Called once, must not block, may throw to refuse the start.
  /// The site calls it on all components before it waits for any, so slow starts overlap.
  virtual void start() {}

  /// Blocks until the work that `start()` began has either succeeded or failed for the first time. A
  /// component that can work without its backend does not fail here; it reports its state by `health()`.
  virtual void await_started() {}

  /// Ends background work and releases connections. Idempotent; running and later calls fail with
  /// `ErrorCode::closed` instead of blocking. Called by the site, dependants first.
  virtual void stop() noexcept {}

  /// Present state; cheap, never blocks on a backend. Safe from any thread.
  [[nodiscard]] virtual Health health() const { return {}; }

  /// An interface that a part of the component implements, as a pointer to exactly that interface; null when
  /// there is none. Programs use `find_interface<I>()`, which also finds the component's own interfaces.
  [[nodiscard]] virtual void* interface_of_part(const InterfaceId& interface_id) const noexcept;
};

/// The name of an interface as a template argument.
template <std::size_t Size>
struct InterfaceLabel {
  consteval InterfaceLabel(const char (&text)[Size]) { std::copy_n(text, Size, characters); }
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {characters, Size - 1}; }
  char characters[Size]{};
};

/// The identity of an interface: its name, and a `stable_hash` of it for lookups.
struct InterfaceId {
  std::string_view name;
  std::uint64_t hash;

  constexpr explicit InterfaceId(std::string_view interface_name) noexcept
      : name(interface_name), hash(stable_hash(interface_name)) {}
};

inline void* IComponent::interface_of_part(const InterfaceId&) const noexcept {
  return nullptr;
}

/// The base of every component interface. It gives the interface the name that component files use:
///
///     class IGreeter : public cachesite::Interface<IGreeter, "IGreeter"> {
///      public:
///       virtual std::string greet(std::string_view who) = 0;
///     };
///
/// The name alone is the identity. An interface whose meaning changes incompatibly takes a new name.
template <class Self, InterfaceLabel Name>
class Interface : public virtual IComponent {
 public:
  using interface_type = Self;
  static constexpr std::string_view interface_name = Name.view();
  static constexpr InterfaceId interface_id{Name.view()};
};

/// Satisfied by an interface itself (`ICache`), not by the classes that implement it: a site finds components
/// by the interface that they were registered under, so a lookup by implementation class is a compile-time
/// error.
template <class T>
concept ComponentInterface = std::derived_from<T, IComponent> && requires {
  typename T::interface_type;
} && std::same_as<T, typename T::interface_type>;

/// The interface `I` of a component, by itself or by a part of it; null when it has none:
///
///     if (auto* const tagged = cachesite::find_interface<cachesite::ITaggedCache>(*cache))
///       tagged->evict_tags({"shelf:3"});
template <ComponentInterface I>
[[nodiscard]] I* find_interface(IComponent& component) noexcept {
  if (I* const own = dynamic_cast<I*>(&component)) return own;
  return static_cast<I*>(component.interface_of_part(I::interface_id));
}
template <ComponentInterface I>
[[nodiscard]] const I* find_interface(const IComponent& component) noexcept {
  if (const I* const own = dynamic_cast<const I*>(&component)) return own;
  return static_cast<const I*>(component.interface_of_part(I::interface_id));
}
/// The same as a pointer that keeps the component alive. Null for a null pointer.
template <ComponentInterface I, std::derived_from<IComponent> Component>
[[nodiscard]] std::shared_ptr<I> find_interface(const std::shared_ptr<Component>& component) noexcept {
  I* const found = component ? find_interface<I>(static_cast<IComponent&>(*component)) : nullptr;
  return found ? std::shared_ptr<I>(component, found) : nullptr;
}

/// Declares the interfaces of a class that implements several, so that files may register it under them:
/// `using provides = cachesite::Provides<ICache, IGreeter>;`. A class with one interface needs nothing. In the
/// same way `passes_on` declares what a layer offers only if the cache below does.
template <class... Interfaces>
struct Provides {};

/// A number that a component reports.
struct ComponentMetric {
  enum class Kind : std::uint8_t {
    counter,  ///< only grows, from 0 at the creation of the component
    gauge,    ///< goes up and down
  };

  /// Letters, digits and underscores, such as `shop_orders_total`; `cachesite_` is reserved for the library.
  std::string name;
  Kind kind = Kind::counter;
  double value = 0;
  /// What is counted, in one sentence.
  std::string help = {};
  /// Names and values that distinguish it from others of the same name.
  std::vector<std::pair<std::string, std::string>> labels = {};
};

/// A component of a program also implements this interface to appear in `prometheus_text`:
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
  /// The current numbers. Called from any thread, for each report; must not wait.
  [[nodiscard]] virtual std::vector<ComponentMetric> component_metrics() const = 0;
};

}  // namespace cachesite
