#pragma once

#include "basics/shard_lock.hpp"
#include "memory/base/budget.hpp"
#include "memory/base/page_source.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cachesite::memory {

// Cuts what is mapped densely from regions of whole huge pages, for all shards of an engine: a shard alone
// would leave most of a huge page unused. A huge page is there as a whole as soon as a byte of it is used, so
// regions begin when the engine has grown large and end before it is full, when `settle` gives back what is
// not handed out. Everything else, or everything where there are no huge pages, goes to the source below.
//
// A piece is handed out once. A region goes back when all its pieces have.
class HugePageSource final : public PageSource {
 public:
  static constexpr std::size_t huge_page = std::size_t{2} << 20U;
  static constexpr std::uint64_t least_held = std::uint64_t{8} << 20U;  // bytes of an engine that is large
  static constexpr std::size_t margin = 8192;                           // behind a region
  // What may be in memory beyond what the budget knows: the rest of two regions, and of the shards' pieces.
  static constexpr std::uint64_t most_unused = std::uint64_t{6} << 20U;

  HugePageSource(PageSource& below, const Budget& budget) noexcept : below_(below), budget_(budget) {}
  ~HugePageSource() override;

  void* map(std::size_t bytes) noexcept override { return below_.map(bytes); }
  void unmap(void* address, std::size_t bytes) noexcept override;
  void discard(void* address, std::size_t bytes) noexcept override;
  void* map_dense(std::size_t bytes, std::size_t margin_wanted) noexcept override;
  void unmap_dense(void* address, std::size_t bytes, std::size_t margin_wanted) noexcept override;
  void settle() noexcept override;

 private:
  struct Region {
    char* begin = nullptr;
    std::size_t size = 0;
    std::size_t used = 0;      // handed out, from the beginning
    std::size_t returned = 0;  // of that
    bool open = true;          // more may be handed out
  };
  class Guard;

  std::size_t next_region(std::size_t bytes) const noexcept;
  void* take(std::size_t bytes, char*& current) noexcept;
  char* map_aligned(std::size_t size) noexcept;
  bool add_region(char* begin, std::size_t size) noexcept;
  Region* find(const void* address) noexcept;
  void close(Region& region, bool give_rest) noexcept;
  void give_part(const Region& region, void* address, std::size_t bytes) noexcept;
  void free_if_empty(Region& region) noexcept;
  // False when the address is not from a region.
  bool give_back(void* address, std::size_t bytes) noexcept;

  PageSource& below_;
  const Budget& budget_;
  mutable basics::ShardLock lock_;
  std::vector<Region> regions_;  // in the order of their addresses
  // Where the regions begin that are handed out: one for entries, which have a margin, and one for tables,
  // which come and go at other times.
  std::array<char*, 2> current_{};
  std::atomic<bool> settled_{true};
  bool available_ = true;
  bool lost_ = false;  // by a fork: what a region is, is not known any more
};

}  // namespace cachesite::memory
