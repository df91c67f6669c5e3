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

  // Gives the memory back where the system takes it and keeps the addresses readable. What is there
  // afterwards is zeros or what was there before: pages that are locked into memory stay as they are.
  virtual void discard(void* address, std::size_t bytes) noexcept = 0;
};

class SystemPages final : public PageSource {
 public:
  void* map(std::size_t bytes) noexcept override;
  void unmap(void* address, std::size_t bytes) noexcept override;
  void discard(void* address, std::size_t bytes) noexcept override;
};

}  // namespace cachesite::memory
