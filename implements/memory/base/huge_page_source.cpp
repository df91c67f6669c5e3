#include "memory/base/huge_page_source.hpp"

#include <algorithm>
#include <iterator>
#include <new>

namespace cachesite::memory {

namespace {

constexpr std::size_t page = 4096;
constexpr std::uint64_t regions_of_engine = 16;
constexpr std::size_t largest_region = std::size_t{32} << 20U;

std::size_t rounded_up(std::size_t bytes, std::size_t unit) noexcept {
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

// Holds the lock. In a process that was forked in the middle of a change, what is known of the regions may be
// anything: they stay mapped.
class HugePageSource::Guard {
 public:
  explicit Guard(HugePageSource& source) noexcept : source_(source) {
    source_.lock_.lock();
    if (!source_.lock_.take_orphaned()) return;
    new (&source_.regions_) std::vector<Region>();
    source_.current_ = {};
    source_.lost_ = true;
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() { source_.lock_.unlock(); }

 private:
  HugePageSource& source_;
};

HugePageSource::~HugePageSource() {
  for (const Region& region : regions_)
    below_.unmap(region.begin, region.size + margin);
}

// 0 where there should be none.
std::size_t HugePageSource::next_region(std::size_t bytes) const noexcept {
  const std::uint64_t held = budget_.bytes();
  if (!available_ || lost_ || held < least_held || budget_.nearly_full(most_unused + bytes)) return 0;
  const auto usual = std::min<std::uint64_t>(held / regions_of_engine, largest_region);
  return rounded_up(std::max<std::size_t>(bytes, usual), huge_page);
}

void* HugePageSource::map_dense(std::size_t bytes, std::size_t margin_wanted) noexcept {
  if (margin_wanted <= margin) {
    const Guard guard(*this);
    char*& current = current_[margin_wanted != 0 ? 0 : 1];
    if (void* const piece = take(rounded_up(bytes, page), current)) return piece;
  }
  return below_.map_dense(bytes, margin_wanted);
}

void* HugePageSource::take(std::size_t bytes, char*& current) noexcept {
  Region* region = find(current);
  if (region == nullptr || !region->open || region->used + bytes > region->size) {
    const std::size_t size = next_region(bytes);
    if (size == 0) return nullptr;
    if (region != nullptr) close(*region, false);
    current = map_aligned(size);
    if (current == nullptr || !add_region(current, size)) return nullptr;
    region = find(current);
  }
  settled_.store(false, std::memory_order_relaxed);
  void* const piece = region->begin + region->used;
  region->used += bytes;
  return piece;
}

// With a margin behind it.
char* HugePageSource::map_aligned(std::size_t size) noexcept {
  auto* const begin = static_cast<char*>(below_.map(size + huge_page + margin));
  if (begin == nullptr) return nullptr;
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const std::size_t before = rounded_up(address, huge_page) - address;
  if (before != 0) below_.unmap(begin, before);
  char* const aligned = begin + before;
  if (before != huge_page) below_.unmap(aligned + size + margin, huge_page - before);
  available_ = below_.advise_huge(aligned, size);
  if (available_) return aligned;
  below_.unmap(aligned, size + margin);
  return nullptr;
}

bool HugePageSource::add_region(char* begin, std::size_t size) noexcept {
  try {
    const auto place = std::find_if(regions_.begin(), regions_.end(),
                                    [begin](const Region& region) { return region.begin > begin; });
    regions_.insert(place, Region{begin, size});
    return true;
  } catch (const std::bad_alloc&) {
    below_.unmap(begin, size + margin);
    return false;
  }
}

HugePageSource::Region* HugePageSource::find(const void* address) noexcept {
  const auto above =
      std::upper_bound(regions_.begin(), regions_.end(), static_cast<const char*>(address),
                       [](const char* wanted, const Region& region) { return wanted < region.begin; });
  if (above == regions_.begin()) return nullptr;
  Region& region = *std::prev(above);
  return static_cast<const char*>(address) < region.begin + region.size ? &region : nullptr;
}

void HugePageSource::close(Region& region, bool give_rest) noexcept {
  region.open = false;
  if (give_rest && region.used != region.size)
    give_part(region, region.begin + region.used, region.size - region.used);
  free_if_empty(region);
}

// The system makes small pages of a huge one of which a part goes, and would make it whole again later.
void HugePageSource::give_part(const Region& region, void* address, std::size_t bytes) noexcept {
  const auto first = static_cast<std::size_t>(static_cast<char*>(address) - region.begin);
  const std::size_t begin = first / huge_page * huge_page;
  below_.advise_small(region.begin + begin, rounded_up(first + bytes, huge_page) - begin);
  below_.discard(address, bytes);
}

void HugePageSource::discard(void* address, std::size_t bytes) noexcept {
  const Guard guard(*this);
  if (Region* const region = find(address))
    give_part(*region, address, bytes);
  else
    below_.discard(address, bytes);
}

void HugePageSource::free_if_empty(Region& region) noexcept {
  if (region.open || region.returned != region.used) return;
  below_.unmap(region.begin, region.size + margin);
  regions_.erase(regions_.begin() + (&region - regions_.data()));
}

void HugePageSource::settle() noexcept {
  if (settled_.load(std::memory_order_relaxed)) return;
  const Guard guard(*this);
  for (char*& current : current_) {
    Region* const region = find(current);
    if (region != nullptr && region->open) close(*region, true);
    current = nullptr;
  }
  settled_.store(true, std::memory_order_relaxed);
}

bool HugePageSource::give_back(void* address, std::size_t bytes) noexcept {
  const Guard guard(*this);
  Region* const region = find(address);
  if (region == nullptr) return false;
  region->returned += rounded_up(bytes, page);
  give_part(*region, address, bytes);
  free_if_empty(*region);
  return true;
}

void HugePageSource::unmap(void* address, std::size_t bytes) noexcept {
  if (!give_back(address, bytes)) below_.unmap(address, bytes);
}

void HugePageSource::unmap_dense(void* address, std::size_t bytes, std::size_t margin_wanted) noexcept {
  if (give_back(address, bytes)) return;
  // What lies behind may be a piece of a region that was lost.
  below_.unmap_dense(address, bytes, lost_ ? 0 : margin_wanted);
}

}  // namespace cachesite::memory
