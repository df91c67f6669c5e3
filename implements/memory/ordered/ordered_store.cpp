#include "memory/ordered/ordered_store.hpp"

#include "memory/base/counter_text.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace cachesite::memory {

namespace {

constexpr unsigned scan_step = 128;
constexpr std::uint8_t largest_use = 3;

Tick deadline_of(const Node& node) noexcept {
  return std::min(node.expiry, node.idle_deadline);
}

}  // namespace

OrderedStore::OrderedStore(EvictionPolicy policy, const ShardContext& context)
    : policy_(policy), context_(context), nodes_(0, KeyHash{context.seed}) {}

OrderedStore::~OrderedStore() {
  context_.budget.give_bytes(bytes_);
  context_.budget.give_entries(nodes_.size());
}

// Nothing is freed: the structures may be anything.
void OrderedStore::start_again() noexcept {
  context_.budget.give_bytes(std::exchange(bytes_, 0));
  context_.budget.give_entries(nodes_.size());
  new (&nodes_) Nodes(0, KeyHash{context_.seed});
  new (&ends_) Ends();
  new (&places_) NodePlaces();
  new (&small_) NodeList(0);
  new (&main_) NodeList(1);
  new (&ghosts_) GhostQueue();
}

Found OrderedStore::read(std::string_view key, Value& destination, DeferredWork& deferred) {
  const Guard guard(*this);
  const auto found = nodes_.find(key);
  if (found == nodes_.end()) return Found::miss;
  Node& node = *found->second;
  const Tick now = context_.clock.now();
  if (deadline_of(node) <= now) {
    if (is_over(node, now)) drop(node, RemovalCause::expired, deferred);
    return Found::miss;
  }
  copy_value(node, destination);
  used(node);
  put_off(node, now);
  return node.is_null ? Found::null : Found::hit;
}

Found OrderedStore::read_ended(std::string_view key, Value& destination, Tick& ended_for) const {
  const Guard guard(*this);
  const Node* const node = find(key);
  const Tick now = context_.clock.now();
  if (node == nullptr || is_over(*node, now)) return Found::miss;
  const bool ended = !lives(node, now);
  ended_for = ended ? std::max<Tick>(1, now - deadline_of(*node)) : 0;
  copy_value(*node, destination);
  return node->is_null ? Found::null : Found::hit;
}

// Ended, and not kept any longer.
bool OrderedStore::is_over(const Node& node, Tick now) const noexcept {
  return deadline_of(node) <= context_.budget.over_at(now);
}

void OrderedStore::copy_value(const Node& node, Value& destination) {
  if (node.is_null) return;
  if (node.value_size <= Value::inline_capacity)
    destination.assign(std::string_view(reinterpret_cast<const char*>(node.value.get()), node.value_size));
  else
    destination.share(node.value, node.value_size);
}

Remaining OrderedStore::remaining(std::string_view key) const noexcept {
  const Guard guard(*this);
  const auto found = nodes_.find(key);
  if (found == nodes_.end()) return {};
  const Node& node = *found->second;
  const Tick now = context_.clock.now();
  if (deadline_of(node) <= now) return {};
  return remaining_until(node.expiry, now);
}

Found OrderedStore::read_with_life(std::string_view key, Value& destination, Remaining& left) {
  const Guard guard(*this);
  Node* const node = find(key);
  const Tick now = context_.clock.now();
  if (!lives(node, now)) return Found::miss;
  left = remaining_until(node->expiry, now);
  copy_value(*node, destination);
  used(*node);
  put_off(*node, now);
  return node->is_null ? Found::null : Found::hit;
}

std::unique_ptr<Node> OrderedStore::make_node(std::string_view key, const std::optional<ByteView>& value) {
  auto node = std::make_unique<Node>();
  node->key = key;
  node->is_null = !value;
  if (!value) return node;
  std::shared_ptr<std::byte[]> block(new std::byte[value->size()]);
  if (!value->empty()) std::memcpy(block.get(), value->data(), value->size());
  std::byte* start = block.get();
  node->value = std::shared_ptr<const std::byte>(std::move(block), start);
  node->value_size = value->size();
  return node;
}

Node* OrderedStore::find(std::string_view key) const noexcept {
  const auto found = nodes_.find(key);
  return found == nodes_.end() ? nullptr : found->second.get();
}

bool OrderedStore::lives(const Node* node, Tick now) const noexcept {
  return node != nullptr && deadline_of(*node) > now;
}

WriteOutcome OrderedStore::write(WriteCondition condition, std::string_view key,
                                 const std::optional<ByteView>& value, Tick expiry, DeferredWork& deferred) {
  try {
    auto fresh = make_node(key, value);
    const Guard guard(*this);
    const Tick now = context_.clock.now();
    if (condition != WriteCondition::always &&
        lives(find(key), now) != (condition == WriteCondition::present)) {
      return WriteOutcome::unchanged;
    }
    return put(fresh, expiry, now, deferred);
  } catch (const std::bad_alloc&) {
    return WriteOutcome::no_memory;
  }
}

WriteOutcome OrderedStore::increment(std::string_view key, std::int64_t by, Tick expiry, std::int64_t& sum,
                                     DeferredWork& deferred) {
  try {
    std::unique_ptr<Node> fresh;
    const Guard guard(*this);
    const Tick now = context_.clock.now();
    const Node* const node = find(key);
    std::int64_t changed = by;
    if (lives(node, now)) {
      const auto number =
          node->is_null
              ? std::nullopt
              : CounterText::number_in({reinterpret_cast<const char*>(node->value.get()), node->value_size});
      if (!number) return WriteOutcome::no_counter;
      const auto in_range = sum_in_range(*number, by);
      if (!in_range) return WriteOutcome::out_of_range;
      changed = *in_range;
      expiry = node->expiry;
    }
    fresh = make_node(key, ByteView(CounterText(changed).text()));
    const auto outcome = put(fresh, expiry, now, deferred);
    if (outcome == WriteOutcome::stored) sum = changed;
    return outcome;
  } catch (const std::bad_alloc&) {
    return WriteOutcome::no_memory;
  }
}

WriteOutcome OrderedStore::put(std::unique_ptr<Node>& fresh, Tick expiry, Tick now, DeferredWork& deferred) {
  if (fresh->bytes() > context_.budget.most_bytes()) return WriteOutcome::too_large;
  drop_expired(sweep_step, context_.budget.over_at(now), deferred);
  for (unsigned i = 0; i < shrink_step && context_.budget.over() && evict(nullptr, deferred); ++i) {
  }
  if (Node* const node = find(fresh->key)) return put_over(*node, fresh, expiry, now, deferred);
  if (!make_room(1, fresh->bytes(), now, nullptr, deferred)) return WriteOutcome::no_room_here;
  const std::uint64_t taken = fresh->bytes();
  Node& node = *fresh;
  node.end = ends_.end();
  node.place = NodePlaces::none;
  try {
    set_end(node, expiry);
    put_off(node, now);
    places_.take(node);
    // The place first: a failing insertion would take the node with it.
    nodes_.try_emplace(std::string_view(node.key)).first->second = std::move(fresh);
  } catch (...) {
    if (node.end != ends_.end()) ends_.erase(node.end);
    if (node.place != NodePlaces::none) places_.give(node);
    context_.budget.give_bytes(taken);
    context_.budget.give_entries(1);
    throw;
  }
  bytes_ += taken;
  const bool known = policy_ == EvictionPolicy::s3fifo && ghosts_.take(hash_key(node.key, context_.seed));
  (known ? main_ : small_).push(node);
  ++counters_.inserts;
  return WriteOutcome::stored;
}

WriteOutcome OrderedStore::put_over(Node& node, std::unique_ptr<Node>& fresh, Tick expiry, Tick now,
                                    DeferredWork& deferred) {
  const bool longer = fresh->value_size > node.value_size;
  if (longer && !make_room(0, fresh->value_size - node.value_size, now, &node, deferred))
    return WriteOutcome::no_room_here;
  try {
    set_end(node, expiry);
  } catch (...) {
    if (longer) context_.budget.give_bytes(fresh->value_size - node.value_size);
    throw;
  }
  if (deferred.listening()) deferred.note(node.key, RemovalCause::replaced);
  counters_.count(RemovalCause::replaced);
  if (!longer) context_.budget.give_bytes(node.value_size - fresh->value_size);
  bytes_ = bytes_ + fresh->value_size - node.value_size;
  std::swap(node.value, fresh->value);
  std::swap(node.value_size, fresh->value_size);
  node.is_null = fresh->is_null;
  used(node);
  put_off(node, now);
  ++counters_.inserts;
  return WriteOutcome::stored;
}

bool OrderedStore::remove(std::string_view key, DeferredWork& deferred) noexcept {
  const Guard guard(*this);
  const auto found = nodes_.find(key);
  if (found == nodes_.end()) return false;
  const bool expired = deadline_of(*found->second) <= context_.clock.now();
  drop(*found->second, expired ? RemovalCause::expired : RemovalCause::removed, deferred);
  return !expired;
}

WriteOutcome OrderedStore::expire(std::string_view key, Tick expiry, bool only_if_it_ends,
                                  DeferredWork& deferred) {
  const Guard guard(*this);
  Node* const node = find(key);
  if (node == nullptr) return WriteOutcome::unchanged;
  if (const Tick now = context_.clock.now(); !lives(node, now)) {
    if (is_over(*node, now)) drop(*node, RemovalCause::expired, deferred);
    return WriteOutcome::unchanged;
  }
  if (only_if_it_ends && node->expiry == never) return WriteOutcome::unchanged;
  set_end(*node, expiry);
  return WriteOutcome::stored;
}

void OrderedStore::clear(DeferredWork& deferred) noexcept {
  const Guard guard(*this);
  while (!nodes_.empty())
    drop(*nodes_.begin()->second, RemovalCause::cleared, deferred);
  places_.clear();
  ghosts_.clear();
}

void OrderedStore::upkeep(unsigned slices, DeferredWork& deferred) noexcept {
  const Guard guard(*this);
  drop_expired(sweep_step * slices, context_.budget.over_at(context_.clock.now()), deferred);
  for (unsigned i = 0; i < shrink_step * slices && context_.budget.over(); ++i) {
    if (!evict(nullptr, deferred)) return;
  }
}

std::uint64_t OrderedStore::scan(std::uint64_t place,
                                 const std::function<void(std::string_view)>& visit) const {
  const Guard guard(*this);
  const Tick now = context_.clock.now();
  for (unsigned step = 0; step < scan_step && place < places_.size(); ++step, ++place) {
    const Node* const node = places_.at(place);
    if (lives(node, now)) visit(node->key);
  }
  return place < places_.size() ? place : no_place;
}

void OrderedStore::used(Node& node) noexcept {
  if (policy_ == EvictionPolicy::lru) {
    small_.remove(node);
    small_.push(node);
  } else if (policy_ == EvictionPolicy::s3fifo && node.use < largest_use) {
    ++node.use;
  }
}

// The new place among the ends is taken before the old one is given up: a failure changes nothing.
void OrderedStore::set_end(Node& node, Tick expiry) {
  const auto place = ends_.emplace(std::min(expiry, node.idle_deadline), &node);
  if (node.end != ends_.end()) ends_.erase(node.end);
  node.end = place;
  node.expiry = expiry;
}

void OrderedStore::put_off(Node& node, Tick now) {
  if (context_.idle == 0) return;
  auto place = ends_.extract(node.end);
  node.idle_deadline = now + context_.idle;
  place.key() = deadline_of(node);
  node.end = ends_.insert(std::move(place));
}

void OrderedStore::drop(Node& node, RemovalCause cause, DeferredWork& deferred) noexcept {
  if (deferred.listening()) deferred.note(node.key, cause);
  counters_.count(cause);
  (node.list == 0 ? small_ : main_).remove(node);
  ends_.erase(node.end);
  places_.give(node);
  bytes_ -= node.bytes();
  context_.budget.give_bytes(node.bytes());
  context_.budget.give_entries(1);
  const auto place = nodes_.find(node.key);
  const std::unique_ptr<Node> last = std::move(place->second);
  nodes_.erase(place);
}

bool OrderedStore::drop_expired(unsigned most, Tick now, DeferredWork& deferred) noexcept {
  bool any = false;
  for (unsigned i = 0; i < most && !ends_.empty() && ends_.begin()->first <= now; ++i, any = true) {
    drop(*ends_.begin()->second, RemovalCause::expired, deferred);
  }
  return any;
}

bool OrderedStore::make_room(std::uint64_t entries, std::uint64_t bytes, Tick now, const Node* keep,
                             DeferredWork& deferred) noexcept {
  if (entries != 0 && !context_.budget.try_take_entry()) {
    // One goes for the one that comes; a lower limit is reached in slices.
    if (!drop_expired(1, now, deferred) && !evict(keep, deferred)) return false;
    context_.budget.take_entry();
  }
  while (!context_.budget.try_take_bytes(bytes)) {
    if (!evict(keep, deferred)) {
      context_.budget.give_entries(entries);
      return false;
    }
  }
  return true;
}

std::uint64_t OrderedStore::small_share() const noexcept {
  const std::uint64_t capacity = std::min<std::uint64_t>(context_.budget.most_entries(), nodes_.size());
  return std::max<std::uint64_t>(1, capacity / 10);
}

bool OrderedStore::evict(const Node* keep, DeferredWork& deferred) noexcept {
  if (policy_ == EvictionPolicy::s3fifo) {
    if (small_.size() >= small_share() && evict_from_small(keep, deferred)) return true;
    return evict_from_main(keep, deferred) || evict_from_small(keep, deferred);
  }
  Node* victim = small_.oldest();
  if (victim == keep && victim != nullptr) victim = victim->newer;
  if (victim == nullptr) return false;
  drop(*victim, RemovalCause::evicted, deferred);
  return true;
}

bool OrderedStore::evict_from_small(const Node* keep, DeferredWork& deferred) noexcept {
  while (Node* node = small_.oldest()) {
    if (node->use > 1 || node == keep) {
      small_.remove(*node);
      node->use = 0;
      main_.push(*node);
      continue;
    }
    ghosts_.push(hash_key(node->key, context_.seed),
                 std::min(context_.budget.most_entries(), std::uint64_t{nodes_.size()}) - small_share());
    drop(*node, RemovalCause::evicted, deferred);
    return true;
  }
  return false;
}

bool OrderedStore::evict_from_main(const Node* keep, DeferredWork& deferred) noexcept {
  for (std::uint64_t step = 0; step <= (largest_use + 1) * main_.size(); ++step) {
    Node* node = main_.oldest();
    if (node == nullptr) return false;
    if (node->use == 0 && node != keep) {
      drop(*node, RemovalCause::evicted, deferred);
      return true;
    }
    main_.remove(*node);
    if (node->use != 0) --node->use;
    main_.push(*node);
  }
  return false;
}

ShardStatistics OrderedStore::statistics() const noexcept {
  const Guard guard(*this);
  ShardStatistics result = counters_;
  result.entries = nodes_.size();
  result.bytes = bytes_;
  result.slots = nodes_.bucket_count();
  return result;
}

std::string OrderedStore::check() const {
  const Guard guard(*this);
  if (small_.size() + main_.size() != nodes_.size()) return "the lists and the table differ in length";
  if (ends_.size() != nodes_.size()) return "the ends and the table differ in length";
  std::uint64_t bytes = 0;
  for (const auto& [key, node] : nodes_) {
    if (key.data() != node->key.data()) return "a key is not that of its node";
    if (node->place >= places_.size() || places_.at(node->place) != node.get())
      return "a node is not at its place";
    if (node->end->second != node.get()) return "an end belongs to another node";
    if (node->end->first != deadline_of(*node)) return "an end is not the deadline of its node";
    bytes += node->bytes();
  }
  return bytes == bytes_ ? std::string() : "the bytes do not add up";
}

}  // namespace cachesite::memory
