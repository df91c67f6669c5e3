#pragma once

#include <atomic>
#include <cstdint>

namespace cachesite::basics {

// A number that is another one in a process and in the child that it forks. It lies in a page that the system
// wipes in the child; where there is no such page the number never changes.
class ProcessMark {
 public:
  ProcessMark() noexcept;
  ProcessMark(const ProcessMark&) = delete;
  ProcessMark& operator=(const ProcessMark&) = delete;
  ~ProcessMark();

  // Never 0.
  std::uint32_t current() const noexcept {
    const std::uint32_t mark = mark_->load(std::memory_order_relaxed);
    return mark != 0 ? mark : renew();
  }

 private:
  std::uint32_t renew() const noexcept;

  mutable std::atomic<std::uint32_t> fixed_{1};
  std::atomic<std::uint32_t>* mark_ = &fixed_;
};

}  // namespace cachesite::basics
