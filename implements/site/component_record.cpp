#include "site/component_record.hpp"

#include "site/lookup_hash.hpp"

#include <new>
#include <utility>

namespace cachesite::site {

namespace {

// Alone on its cache lines, together with the reference count that std::make_shared puts beside it.
struct alignas(64) Holder {
  std::shared_ptr<void> component;
};

}  // namespace

ComponentRecord::ComponentRecord(const InterfaceId& interface_id, std::string_view name,
                                 std::string class_name, std::shared_ptr<void> as_interface,
                                 std::shared_ptr<IComponent> component)
    : hash_(lookup_hash(interface_id, name)),
      interface_origin_(interface_id.name.data()),
      interface_name_(interface_id.name),
      name_(name),
      class_name_(std::move(class_name)),
      as_interface_(std::move(as_interface)),
      component_(std::move(component)) {}

ComponentRecord::ComponentRecord(const InterfaceId& interface_id, std::string_view name,
                                 std::string class_name, std::shared_ptr<LazyComponent> lazy)
    : ComponentRecord(interface_id, name, std::move(class_name), nullptr, nullptr) {
  lazy_ = std::move(lazy);
}

ComponentRecord::~ComponentRecord() {
  for (const auto& owner : owners_)
    delete owner.load();
}

const std::shared_ptr<void>& ComponentRecord::make_owner(std::uint32_t stripe) const noexcept {
  try {
    auto holder = std::make_shared<Holder>();
    holder->component = as_interface_;
    auto owner = std::make_unique<std::shared_ptr<void>>(std::move(holder), as_interface_.get());
    const std::shared_ptr<void>* present = nullptr;
    if (!owners_[stripe].compare_exchange_strong(present, owner.get())) return *present;
    return *owner.release();
  } catch (const std::bad_alloc&) {
    return as_interface_;  // works as well, only with a count that all CPUs share
  }
}

}  // namespace cachesite::site
