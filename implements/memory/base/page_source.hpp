#pragma once

#include <cstddef>

namespace cachesite::memory {

// Where an engine gets its pages. A test hands in a source that counts or fails.
class PageSource {
 public:
  PageSource() = default;
  PageSource(const PageSource&) = delete;
  PageSource& operator=(const PageSource&) = delete;
  virtual ~PageSource() = default;

  // Zeroed, aligned to a page, backed by memory only where it is touched; null when there is none.
  virtual void* map(std::size_t bytes) noexcept = 0;
  virtual void unmap(void* address, std::size_t bytes) noexcept = 0;

  // The same for what is going to be used densely, with a margin behind it that can be read but is nobody's.
  virtual void* map_dense(std::size_t bytes, std::size_t margin) noexcept { return map(bytes + margin); }
  virtual void unmap_dense(void* address, std::size_t bytes, std::size_t margin) noexcept {
    unmap(address, bytes + margin);
  }
  // Does not grow any more for now: what is kept ready for `map_dense` may go.
  virtual void settle() noexcept {}
  // Asks for huge pages; false when there are none.
  virtual bool advise_huge(void*, std::size_t) noexcept { return false; }
  // Asks for no more of them there.
  virtual void advise_small(void*, std::size_t) noexcept {}

  // Gives the memory back where the system takes it and keeps the addresses readable. What is there
  // afterwards is zeros or what was there before: pages that are locked into memory stay as they are.
  virtual void discard(void* address, std::size_t bytes) noexcept = 0;
};

class SystemPages final : public PageSource {
 public:
  void* map(std::size_t bytes) noexcept override;
  void unmap(void* address, std::size_t bytes) noexcept override;
  void discard(void* address, std::size_t bytes) noexcept override;
  bool advise_huge(void* address, std::size_t bytes) noexcept override;
  void advise_small(void* address, std::size_t bytes) noexcept override;
};

}  // namespace cachesite::memory
