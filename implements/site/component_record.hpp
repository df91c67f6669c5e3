#pragma once

#include <cachesite/component.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cachesite::site {

// One name of one component, as lookups see it. Immutable, except that each CPU gets a reference count of its
// own the first time it asks.
class ComponentRecord {
 public:
  ComponentRecord(const InterfaceId& interface_id, std::string_view name, std::string class_name,
                  std::shared_ptr<void> as_interface, std::shared_ptr<IComponent> component,
                  std::uint32_t stripes);
  ~ComponentRecord();
  ComponentRecord(const ComponentRecord&) = delete;
  ComponentRecord& operator=(const ComponentRecord&) = delete;

  [[nodiscard]] static std::uint64_t hash_of(const InterfaceId& interface_id, std::string_view name) noexcept;

  [[nodiscard]] bool is(std::uint64_t hash, std::string_view interface_name,
                        std::string_view name) const noexcept {
    return hash == hash_ && name == name_ && interface_name == interface_name_;
  }

  [[nodiscard]] const std::shared_ptr<void>& owner(std::uint32_t stripe) const {
    const auto* owner = owners_[stripe].load(std::memory_order_acquire);
    return owner ? *owner : make_owner(stripe);
  }

  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  [[nodiscard]] const std::string& interface_name() const noexcept { return interface_name_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& class_name() const noexcept { return class_name_; }
  [[nodiscard]] const std::shared_ptr<IComponent>& component() const noexcept { return component_; }

 private:
  const std::shared_ptr<void>& make_owner(std::uint32_t stripe) const;

  std::uint64_t hash_;
  std::string interface_name_;
  std::string name_;
  std::string class_name_;
  std::shared_ptr<void> as_interface_;
  std::shared_ptr<IComponent> component_;
  std::uint32_t stripes_;
  std::unique_ptr<std::atomic<const std::shared_ptr<void>*>[]> owners_;
};

}  // namespace cachesite::site
