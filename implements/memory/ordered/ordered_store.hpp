#pragma once

#include "basics/shard_lock.hpp"
#include "memory/base/budget.hpp"
#include "memory/base/deferred_work.hpp"
#include "memory/base/hash.hpp"
#include "memory/base/shard_context.hpp"
#include "memory/base/shard_statistics.hpp"
#include "memory/base/tick_clock.hpp"
#include "memory/base/write_outcome.hpp"
#include "memory/ordered/ghost_queue.hpp"
#include "memory/ordered/node_list.hpp"
#include "memory/ordered/node_places.hpp"

#include <cachesite/lookup.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/value.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace cachesite::memory {

// The policies that are exact to their definition: one order over all entries, under one lock.
//
// fifo: in the order of first insertion. lru: reads and writes make an entry the newest. s3fifo: Yang et al.,
// "FIFO queues are all you need for cache eviction", SOSP 2023: a small queue of a tenth, a main queue, and a
// ghost queue as long as the main one.
class OrderedStore {
 public:
  OrderedStore(EvictionPolicy policy, const ShardContext& context);
  ~OrderedStore();
  OrderedStore(const OrderedStore&) = delete;
  OrderedStore& operator=(const OrderedStore&) = delete;

  Found read(std::string_view key, Value& destination, DeferredWork& deferred);
  // Also finds an entry that has ended and is kept; `ended_for` is 0 for one that has not.
  Found read_ended(std::string_view key, Value& destination, Tick& ended_for) const;
  Found read_with_life(std::string_view key, Value& destination, Remaining& left);
  Remaining remaining(std::string_view key) const noexcept;
  // `unchanged` when the condition does not hold.
  WriteOutcome write(WriteCondition condition, std::string_view key, const std::optional<ByteView>& value,
                     Tick expiry, DeferredWork& deferred);
  // Adds to a counter, whose end stays, or makes one; `sum` is set when stored.
  WriteOutcome increment(std::string_view key, std::int64_t by, Tick expiry, std::int64_t& sum,
                         DeferredWork& deferred);
  bool remove(std::string_view key, DeferredWork& deferred) noexcept;
  // `unchanged` when there is no entry, and with `only_if_it_ends` when it has no end.
  WriteOutcome expire(std::string_view key, Tick expiry, bool only_if_it_ends, DeferredWork& deferred);
  void clear(DeferredWork& deferred) noexcept;
  void upkeep(unsigned slices, DeferredWork& deferred) noexcept;
  // Hands over the keys at a few places from `place` on and says where the next ones begin; `no_place` is the
  // end.
  std::uint64_t scan(std::uint64_t place, const std::function<void(std::string_view)>& visit) const;
  static constexpr std::uint64_t no_place = ~std::uint64_t{0};

  ShardStatistics statistics() const noexcept;
  std::string check() const;

 private:
  // Holds the lock. Gives up what a forked process has inherited in the middle of a change.
  class Guard {
   public:
    explicit Guard(const OrderedStore& store) noexcept : store_(const_cast<OrderedStore&>(store)) {
      store_.lock_.lock();
      if (store_.lock_.take_orphaned()) store_.start_again();
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { store_.lock_.unlock(); }

   private:
    OrderedStore& store_;
  };

  struct KeyHash {
    HashSeed seed;
    std::size_t operator()(std::string_view key) const noexcept { return hash_key(key, seed); }
  };
  using Nodes = std::unordered_map<std::string_view, std::unique_ptr<Node>, KeyHash>;
  using Ends = std::multimap<Tick, Node*>;

  static std::unique_ptr<Node> make_node(std::string_view key, const std::optional<ByteView>& value);
  Node* find(std::string_view key) const noexcept;
  bool lives(const Node* node, Tick now) const noexcept;
  // What `fresh` holds afterwards is for the caller to destroy, without the lock.
  WriteOutcome put(std::unique_ptr<Node>& fresh, Tick expiry, Tick now, DeferredWork& deferred);
  WriteOutcome put_over(Node& node, std::unique_ptr<Node>& fresh, Tick expiry, Tick now,
                        DeferredWork& deferred);
  void start_again() noexcept;
  void used(Node& node) noexcept;
  void set_end(Node& node, Tick expiry);
  void put_off(Node& node, Tick now);
  void drop(Node& node, RemovalCause cause, DeferredWork& deferred) noexcept;
  bool is_over(const Node& node, Tick now) const noexcept;
  static void copy_value(const Node& node, Value& destination);
  bool drop_expired(unsigned most, Tick now, DeferredWork& deferred) noexcept;
  bool make_room(std::uint64_t entries, std::uint64_t bytes, Tick now, const Node* keep,
                 DeferredWork& deferred) noexcept;
  bool evict(const Node* keep, DeferredWork& deferred) noexcept;
  bool evict_from_small(const Node* keep, DeferredWork& deferred) noexcept;
  bool evict_from_main(const Node* keep, DeferredWork& deferred) noexcept;
  std::uint64_t small_share() const noexcept;

  const EvictionPolicy policy_;
  const ShardContext& context_;
  mutable basics::ShardLock lock_;
  Nodes nodes_;
  Ends ends_;
  NodePlaces places_;
  NodeList small_{0};  // the only list of lru and fifo
  NodeList main_{1};
  GhostQueue ghosts_;
  std::uint64_t bytes_ = 0;
  ShardStatistics counters_;
};

}  // namespace cachesite::memory
