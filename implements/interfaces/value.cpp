#include <cachesite/value.hpp>

#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

// ThreadSanitizer knows no fences. GCC tells of it by a macro, clang by a feature.
#if defined(__SANITIZE_THREAD__)
#define CACHESITE_KNOWS_NO_FENCES
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CACHESITE_KNOWS_NO_FENCES
#endif
#endif

namespace cachesite {

void Value::make_block(std::size_t size) {
  size_ = capacity_ = 0;
  block_.reset();
  const std::size_t whole = (size + 7) / 8 * 8;
  auto fresh = std::shared_ptr<std::byte[]>(new std::byte[whole]);
  auto* const start = fresh.get();
  block_ = std::shared_ptr<const std::byte>(std::move(fresh), start);
  capacity_ = whole;
}

// Bytes that others see stay where they are.
void Value::drop_front(std::size_t count) noexcept {
  size_ -= count;
  if (!block_ || (capacity_ != 0 && has_block_alone())) {
    auto* const bytes = const_cast<std::byte*>(data());
    std::memmove(bytes, bytes + count, size_);
    return;
  }
  const auto* const rest = block_.get() + count;
  block_ = std::shared_ptr<const std::byte>(std::move(block_), rest);
  capacity_ = 0;
}

// A count of 1 alone does not say that other threads have read what they shared: they have let go of it before
// this thread writes to it only if it sees their last step, too.
bool Value::has_block_alone() const noexcept {
  if (block_.use_count() != 1) return false;
#if defined(CACHESITE_KNOWS_NO_FENCES)
  return std::shared_ptr<const std::byte>(block_).use_count() == 2;
#else
  std::atomic_thread_fence(std::memory_order_acquire);
  return true;
#endif
}

}  // namespace cachesite
