#pragma once

#include "basics/read_epochs.hpp"
#include "site/component_record.hpp"
#include "site/lookup_hash.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace cachesite::site {

// The table that lookups read: open addressing, at most half full. Only `find` may run beside other calls.
class ComponentIndex {
 public:
  ComponentIndex();
  ~ComponentIndex();
  ComponentIndex(const ComponentIndex&) = delete;
  ComponentIndex& operator=(const ComponentIndex&) = delete;

  // Creates a lazy component at its first lookup, and throws what its creation throws. Inlined into its one
  // caller, since the call alone would cost a tenth of a lookup.
  [[nodiscard, gnu::always_inline]] std::shared_ptr<void> find(const InterfaceId& interface_id,
                                                               std::string_view name) const {
    const std::uint64_t hash = lookup_hash(interface_id, name);
    const std::uint32_t stripe = basics::ReadEpochs::stripe_of_this_processor();
    {
      const basics::ReadEpochs::Reader reader(epochs_, stripe);
      const Table& table = *table_.load();
      for (std::size_t place = table.home(hash);; place = (place + 1) & table.mask) {
        const ComponentRecord* record = table.slots[place].load();
        if (!record) [[unlikely]]
          return nullptr;
        if (!record->is(hash, interface_id, name)) [[unlikely]]
          continue;
        if (const auto* owner = record->owner(stripe)) [[likely]]
          return *owner;
        break;
      }
    }
    return find_first(interface_id, name, stripe);
  }

  // Puts a record in; gives back the record that it replaces, which no lookup uses any more.
  std::unique_ptr<ComponentRecord> put(std::unique_ptr<ComponentRecord> record);
  // Takes a record out; null when there is none.
  std::unique_ptr<ComponentRecord> take(const InterfaceId& interface_id, std::string_view name);

  // In no particular order.
  [[nodiscard]] std::vector<const ComponentRecord*> records() const;

 private:
  struct Table {
    explicit Table(std::size_t places)
        : mask(places - 1), slots(std::make_unique<std::atomic<ComponentRecord*>[]>(places)) {}
    [[nodiscard]] std::size_t home(std::uint64_t hash) const noexcept { return (hash >> 32U) & mask; }
    void insert(ComponentRecord* record) noexcept;
    std::size_t mask;
    std::unique_ptr<std::atomic<ComponentRecord*>[]> slots;
  };

  // The first lookup of a component on a CPU, or of one that is still to be made; that is done outside of
  // the epoch, since it registers components.
  [[gnu::cold, gnu::noinline]] std::shared_ptr<void> find_first(const InterfaceId& interface_id,
                                                                std::string_view name,
                                                                std::uint32_t stripe) const;
  // Finds a component that is made; otherwise `lazy` becomes who makes it, if anybody.
  std::shared_ptr<void> find_made(const InterfaceId& interface_id, std::string_view name,
                                  std::uint32_t stripe, std::shared_ptr<LazyComponent>& lazy) const;
  std::atomic<ComponentRecord*>* find_slot(std::uint64_t hash, const InterfaceId& interface_id,
                                           std::string_view name) noexcept;
  void publish(std::unique_ptr<Table> table) noexcept;

  basics::ReadEpochs epochs_;
  std::atomic<Table*> table_;
  std::size_t count_ = 0;
};

}  // namespace cachesite::site
