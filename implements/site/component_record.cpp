#include "site/component_record.hpp"

#include <cstring>
#include <new>
#include <utility>

namespace cachesite::site {

namespace {

// Alone on its cache lines, together with the reference count that std::make_shared puts beside it.
struct alignas(64) Holder {
  std::shared_ptr<void> component;
};

std::uint64_t load(const char* bytes, std::size_t count) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, count);
  return word;
}

std::uint64_t mix(std::uint64_t state) noexcept {
  state *= 0x9e3779b97f4a7c15U;
  return state ^ (state >> 32U);
}

}  // namespace

ComponentRecord::ComponentRecord(const InterfaceId& interface_id, std::string_view name,
                                 std::string class_name, std::shared_ptr<void> as_interface,
                                 std::shared_ptr<IComponent> component, std::uint32_t stripes)
    : hash_(hash_of(interface_id, name)),
      interface_name_(interface_id.name),
      name_(name),
      class_name_(std::move(class_name)),
      as_interface_(std::move(as_interface)),
      component_(std::move(component)),
      stripes_(stripes),
      owners_(std::make_unique<std::atomic<const std::shared_ptr<void>*>[]>(stripes)) {}

ComponentRecord::~ComponentRecord() {
  for (std::uint32_t stripe = 0; stripe < stripes_; ++stripe)
    delete owners_[stripe].load();
}

// Whole words first, then the last eight bytes again (overlapping) or the few there are.
std::uint64_t ComponentRecord::hash_of(const InterfaceId& interface_id, std::string_view name) noexcept {
  std::uint64_t state = interface_id.hash ^ name.size();
  const char* bytes = name.data();
  std::size_t left = name.size();
  if (left >= 8) {
    const char* const last = bytes + left - 8;
    for (; left > 8; left -= 8, bytes += 8)
      state = mix(state ^ load(bytes, 8));
    return mix(state ^ load(last, 8));
  }
  if (left >= 4) return mix(state ^ load(bytes, 4) ^ (load(bytes + left - 4, 4) << 32U));
  if (left > 0) {
    const auto byte = [&](std::size_t index) {
      return std::uint64_t{static_cast<unsigned char>(bytes[index])};
    };
    state ^= byte(0) | byte(left / 2) << 8U | byte(left - 1) << 16U;
  }
  return mix(state);
}

const std::shared_ptr<void>& ComponentRecord::make_owner(std::uint32_t stripe) const {
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
