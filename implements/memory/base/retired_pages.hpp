#pragma once

#include "memory/base/budget.hpp"
#include "memory/base/page_source.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace cachesite::memory {

// Memory that is no longer used and goes back to the system a slice at a time: a long unmapping would hold up
// whoever happens to call. Used under the shard's lock.
class RetiredPages {
 public:
  enum class End : std::uint8_t { unmapped, discarded };

  RetiredPages(PageSource& pages, Budget& budget) noexcept : pages_(pages), budget_(budget) {}
  RetiredPages(const RetiredPages&) = delete;
  RetiredPages& operator=(const RetiredPages&) = delete;
  ~RetiredPages() { finish(); }

  // `charged` bytes of the budget are given back when the last slice goes.
  void add(void* address, std::size_t bytes, std::uint64_t charged, End end) noexcept {
    if (count_ == ranges_.size()) finish();
    ranges_[count_++] = {static_cast<char*>(address), bytes, charged, end};
  }
  bool empty() const noexcept { return count_ == 0; }
  std::uint64_t charged() const noexcept {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < count_; ++i)
      sum += ranges_[i].charged;
    return sum;
  }
  void give_slice() noexcept {
    if (count_ == 0) return;
    Range& range = ranges_[count_ - 1];
    // From the end, at a multiple of the slice, so that each slice begins with a page.
    const std::size_t kept = (range.left - 1) / slice * slice;
    const std::size_t bytes = range.left - kept;
    range.left = kept;
    if (range.end == End::unmapped) {
      pages_.unmap(range.address + kept, bytes);
    } else {
      pages_.discard(range.address + kept, bytes);
    }
    if (range.left != 0) return;
    budget_.give_bytes(range.charged);
    --count_;
  }
  void abandon() noexcept { count_ = 0; }
  void finish() noexcept {
    while (count_ != 0)
      give_slice();
  }

 private:
  static constexpr std::size_t slice = std::size_t{128} * 1024;

  struct Range {
    char* address;
    std::size_t left;
    std::uint64_t charged;
    End end;
  };

  PageSource& pages_;
  Budget& budget_;
  std::array<Range, 8> ranges_{};
  std::size_t count_ = 0;
};

}  // namespace cachesite::memory
