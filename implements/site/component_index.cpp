#include "site/component_index.hpp"

#include "basics/inherited.hpp"

#include <utility>

namespace cachesite::site {

ComponentIndex::ComponentIndex() : table_(new Table(16)) {}

ComponentIndex::~ComponentIndex() {
  const std::unique_ptr<Table> table(table_.load());
  for (std::size_t place = 0; place <= table->mask; ++place)
    delete table->slots[place].load();
}

void ComponentIndex::Table::insert(ComponentRecord* record) noexcept {
  std::size_t place = home(record->hash());
  while (slots[place].load())
    place = (place + 1) & mask;
  slots[place].store(record);
}

std::shared_ptr<void> ComponentIndex::find_made(const InterfaceId& interface_id, std::string_view name,
                                                std::uint32_t stripe,
                                                std::shared_ptr<LazyComponent>& lazy) const {
  const auto hash = lookup_hash(interface_id, name);
  const basics::ReadEpochs::Reader reader(epochs_, stripe);
  const Table& table = *table_.load();
  for (std::size_t place = table.home(hash);; place = (place + 1) & table.mask) {
    const ComponentRecord* record = table.slots[place].load();
    if (!record) return nullptr;
    if (!record->is(hash, interface_id, name)) continue;
    lazy = record->lazy();
    return lazy ? nullptr : record->make_owner(stripe);
  }
}

std::shared_ptr<void> ComponentIndex::find_first(const InterfaceId& interface_id, std::string_view name,
                                                 std::uint32_t stripe) const {
  std::shared_ptr<LazyComponent> lazy;
  auto found = find_made(interface_id, name, stripe, lazy);
  if (!lazy || lazy->closed) return found;
  lazy->make();
  return find_made(interface_id, name, stripe, lazy);
}

std::atomic<ComponentRecord*>* ComponentIndex::find_slot(std::uint64_t hash, const InterfaceId& interface_id,
                                                         std::string_view name) noexcept {
  Table& table = *table_.load();
  for (std::size_t place = table.home(hash);; place = (place + 1) & table.mask) {
    const ComponentRecord* record = table.slots[place].load();
    if (!record) return nullptr;
    if (record->is(hash, interface_id, name)) return &table.slots[place];
  }
}

void ComponentIndex::publish(std::unique_ptr<Table> table) noexcept {
  std::unique_ptr<Table> old(table_.exchange(table.release()));
  if (!epochs_.wait_for_readers()) basics::leave_alone(old.release());
}

std::unique_ptr<ComponentRecord> ComponentIndex::put(std::unique_ptr<ComponentRecord> record) {
  if (auto* slot = find_slot(record->hash(), InterfaceId(record->interface_name()), record->name())) {
    std::unique_ptr<ComponentRecord> replaced(slot->exchange(record.release()));
    (void)epochs_.wait_for_readers();
    return replaced;
  }
  Table& table = *table_.load();
  if ((count_ + 1) * 2 > table.mask + 1) {
    auto larger = std::make_unique<Table>((table.mask + 1) * 2);
    for (std::size_t place = 0; place <= table.mask; ++place)
      if (auto* present = table.slots[place].load()) larger->insert(present);
    larger->insert(record.release());
    publish(std::move(larger));
  } else {
    table.insert(record.release());
  }
  ++count_;
  return nullptr;
}

// Emptying a slot would cut the probing of others short, so the rest goes into a new table.
std::unique_ptr<ComponentRecord> ComponentIndex::take(const InterfaceId& interface_id,
                                                      std::string_view name) {
  const auto hash = lookup_hash(interface_id, name);
  const auto* slot = find_slot(hash, interface_id, name);
  if (!slot) return nullptr;
  ComponentRecord* const taken = slot->load();
  const Table& table = *table_.load();
  auto rest = std::make_unique<Table>(table.mask + 1);
  for (std::size_t place = 0; place <= table.mask; ++place) {
    auto* present = table.slots[place].load();
    if (present && present != taken) rest->insert(present);
  }
  publish(std::move(rest));
  --count_;
  return std::unique_ptr<ComponentRecord>(taken);
}

std::vector<const ComponentRecord*> ComponentIndex::records() const {
  std::vector<const ComponentRecord*> found;
  found.reserve(count_);
  const Table& table = *table_.load();
  for (std::size_t place = 0; place <= table.mask; ++place)
    if (const auto* record = table.slots[place].load()) found.push_back(record);
  return found;
}

}  // namespace cachesite::site
