#pragma once

#include "basics/read_epochs.hpp"
#include "site/same_text.hpp"

#include <cachesite/component.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace cachesite::site {

// Who makes a component that is still to be made.
struct LazyComponent {
  std::function<void()> make;
  std::atomic<bool> closed{false};  // the site is stopped
};

// One name of one component, as lookups see it. Immutable, except that each CPU gets a reference count of its
// own the first time it asks.
class ComponentRecord {
 public:
  ComponentRecord(const InterfaceId& interface_id, std::string_view name, std::string class_name,
                  std::shared_ptr<void> as_interface, std::shared_ptr<IComponent> component);
  // A component that is still to be made.
  ComponentRecord(const InterfaceId& interface_id, std::string_view name, std::string class_name,
                  std::shared_ptr<LazyComponent> lazy);
  ~ComponentRecord();
  ComponentRecord(const ComponentRecord&) = delete;
  ComponentRecord& operator=(const ComponentRecord&) = delete;

  [[nodiscard]] bool is(std::uint64_t hash, const InterfaceId& interface_id,
                        std::string_view name) const noexcept {
    return hash == hash_ && same_text(name, name_) && is_interface(interface_id);
  }

  // Null before the first `make_owner` of the stripe, and always for a component that is still to be made.
  [[nodiscard]] const std::shared_ptr<void>* owner(std::uint32_t stripe) const noexcept {
    return owners_[stripe].load(std::memory_order_acquire);
  }
  [[gnu::cold, gnu::noinline]] const std::shared_ptr<void>& make_owner(std::uint32_t stripe) const noexcept;
  // Null for a component that is made.
  [[nodiscard]] const std::shared_ptr<LazyComponent>& lazy() const noexcept { return lazy_; }

  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  [[nodiscard]] const std::string& interface_name() const noexcept { return interface_name_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& class_name() const noexcept { return class_name_; }
  [[nodiscard]] const std::shared_ptr<IComponent>& component() const noexcept { return component_; }

 private:
  // An interface's name is usually the very same characters, compiled in once.
  [[nodiscard]] bool is_interface(const InterfaceId& interface_id) const noexcept {
    return interface_id.name.data() == interface_origin_ || interface_id.name == interface_name_;
  }

  std::uint64_t hash_;
  const char* interface_origin_;  // compared, never read
  std::string interface_name_;
  std::string name_;
  std::string class_name_;
  std::shared_ptr<void> as_interface_;
  std::shared_ptr<IComponent> component_;
  std::shared_ptr<LazyComponent> lazy_;
  mutable std::array<std::atomic<const std::shared_ptr<void>*>, basics::ReadEpochs::stripes> owners_{};
};

}  // namespace cachesite::site
