#pragma once

#include <cachesite/component.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite {

/// A parameter whose value is another component of the same site, given by its name, or declared in place: a
/// mapping with `class` and parameters. The site creates and starts that component first, resolves the
/// reference before it constructs the referring component, and reports a missing name or a cycle before it
/// creates anything.
///
/// Without a file, a Reference is made from the component itself.
template <ComponentInterface I>
class Reference {
 public:
  Reference() noexcept = default;
  /// A reference that is already resolved.
  Reference(std::shared_ptr<I> component) noexcept : component_(std::move(component)), set_(true) {}
  template <std::derived_from<I> Component>
  Reference(std::shared_ptr<Component> component) noexcept
      : Reference(std::shared_ptr<I>(std::move(component))) {}

  /// The name in the file; "" is the unnamed component. For a component that is declared in place, its path
  /// and a unique number, such as `products.store#7`.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// True when the file gives the parameter.
  [[nodiscard]] bool is_set() const noexcept { return set_; }
  /// The component; null when the parameter is not given.
  [[nodiscard]] const std::shared_ptr<I>& component() const noexcept { return component_; }
  [[nodiscard]] I* operator->() const noexcept { return component_.get(); }

  /// Used by the binding: sets the name of the component.
  void set_name(std::string name) {
    name_ = std::move(name);
    set_ = true;
  }
  /// Used by the site: gives the reference its component.
  void resolve(std::shared_ptr<I> component) noexcept { component_ = std::move(component); }

 private:
  std::string name_;
  std::shared_ptr<I> component_;
  bool set_ = false;
};

/// A reference whose default is the unnamed component of the interface, if there is one. The file may name
/// another component, which then has to exist, or give null for none. The component is created first, as for
/// every reference.
template <ComponentInterface I>
class DefaultReference : public Reference<I> {
 public:
  using Reference<I>::Reference;

  /// True when the file says null.
  [[nodiscard]] bool is_declined() const noexcept { return declined_; }
  /// Used by the binding: sets null.
  void decline() noexcept { declined_ = true; }

 private:
  bool declined_ = false;
};

}  // namespace cachesite
