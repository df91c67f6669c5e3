#include <cachesite/detail/request_memory.hpp>

#include <algorithm>
#include <cstring>

namespace cachesite::detail {

struct RequestMemory::Block {
  Block* before;
  std::size_t used;
  std::size_t size;
  alignas(std::max_align_t) std::byte bytes[1];
};

void* RequestMemory::allocate_block(std::size_t size) {
  if (blocks_ == nullptr || size > blocks_->size - blocks_->used) {
    constexpr std::size_t least = 1000;
    const std::size_t room = std::max(size, least);
    auto* const block = new (::operator new(offsetof(Block, bytes) + room)) Block{blocks_, 0, room, {}};
    blocks_ = block;
  }
  return blocks_->bytes + std::exchange(blocks_->used, blocks_->used + size);
}

std::string_view RequestMemory::copy(std::string_view text) {
  if (text.empty()) return {};
  auto* const place = static_cast<char*>(allocate(text.size()));
  std::memcpy(place, text.data(), text.size());
  return {place, text.size()};
}

void RequestMemory::release() noexcept {
  while (objects_ != nullptr) {
    Entry* const entry = std::exchange(objects_, objects_->before);
    entry->~Entry();
  }
  while (blocks_ != nullptr)
    ::operator delete(std::exchange(blocks_, blocks_->before));
}

}  // namespace cachesite::detail
