#pragma once

#include <cachesite/component.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

/// Thrown by `get_component` when nothing is registered under the wanted interface and name. The message
/// names both, and the components that exist.
class ComponentNotFound : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One name of one component, as `IComponentSite::entries` lists it.
struct ComponentEntry {
  std::string interface_name;  ///< such as "ICache"
  std::string name;            ///< "" for the unnamed default
  std::string class_name;      ///< the class in the catalog; "" when the program registered it
  /// The same instance under all of its names; null for a lazy component that was never looked up.
  std::shared_ptr<IComponent> component;
};

/// A registry of components by interface and name.
///
/// A lookup is by exact interface and exact name: a component registered as ICache is not found as
/// IComponent, and a missing name does not fall back to the unnamed component. All calls are safe from any
/// thread, and a lookup takes no lock. The first lookup of a lazy component creates it: it may take time, and
/// throws LoadError on failure.
class IComponentSite {
 public:
  virtual ~IComponentSite() = default;

  /// The component, or a null pointer when there is none.
  template <ComponentInterface I>
  [[nodiscard]] std::shared_ptr<I> query_component(std::string_view name = {}) const {
    return std::static_pointer_cast<I>(find(I::interface_id, name));
  }

  /// The component. Throws ComponentNotFound when there is none.
  template <ComponentInterface I>
  [[nodiscard]] std::shared_ptr<I> get_component(std::string_view name = {}) const {
    auto component = query_component<I>(name);
    if (!component) throw_not_found(I::interface_id, name);
    return component;
  }

  /// Registers `component` under I and `name`, and returns it. A later registration replaces an earlier one;
  /// the replaced component stays alive while somebody holds it. One instance may have any number of names.
  /// Throws std::invalid_argument for a null pointer or a name outside `[A-Za-z0-9_.-]{0,64}`,
  /// std::logic_error after stop().
  template <ComponentInterface I>
  std::shared_ptr<I> register_component(std::shared_ptr<I> component, std::string_view name = {}) {
    std::shared_ptr<IComponent> root = component;
    store(I::interface_id, name, component, std::move(root));
    return component;
  }

  /// As above for a class that implements I, so that the pointer needs no cast by the caller.
  template <ComponentInterface I, class Implementation>
  requires(std::derived_from<Implementation, I> && !std::same_as<I, Implementation>)
      std::shared_ptr<I> register_component(std::shared_ptr<Implementation> component,
                                            std::string_view name = {}) {
    return register_component<I>(std::shared_ptr<I>(std::move(component)), name);
  }

  /// Forgets one name of a component. True when there was one. The component stays alive while somebody holds
  /// it, and under its other names; it is not stopped.
  template <ComponentInterface I>
  bool remove_component(std::string_view name = {}) {
    return erase(I::interface_id, name);
  }

  /// Everything registered, sorted by interface and name.
  [[nodiscard]] virtual std::vector<ComponentEntry> entries() const = 0;

  /// Stops every component once, dependants before what they depend on, the last registered first.
  /// Idempotent. Lookups keep working; the components they return are stopped.
  virtual void stop() noexcept = 0;

 protected:
  virtual std::shared_ptr<void> find(const InterfaceId& interface_id, std::string_view name) const = 0;
  [[noreturn]] virtual void throw_not_found(const InterfaceId& interface_id, std::string_view name) const = 0;
  virtual void store(const InterfaceId& interface_id, std::string_view name,
                     std::shared_ptr<void> as_interface, std::shared_ptr<IComponent> component) = 0;
  virtual bool erase(const InterfaceId& interface_id, std::string_view name) = 0;
};

}  // namespace cachesite
