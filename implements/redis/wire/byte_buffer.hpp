#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace cachesite::redis {

/// Bytes that are written once and sent: grows without filling, keeps its memory between uses.
class ByteBuffer {
 public:
  [[nodiscard]] const char* data() const noexcept { return bytes_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::string_view text() const noexcept { return {bytes_.get(), size_}; }

  /// Room for `more` further bytes; `commit` says where the writing ended.
  [[nodiscard]] char* reserve(std::size_t more) {
    if (capacity_ - size_ < more) grow(more);
    return bytes_.get() + size_;
  }
  void commit(const char* end) noexcept { size_ = static_cast<std::size_t>(end - bytes_.get()); }

  void clear() noexcept { size_ = 0; }
  void release() noexcept {
    bytes_.reset();
    size_ = capacity_ = 0;
  }

 private:
  void grow(std::size_t more) {
    std::size_t wanted = capacity_ == 0 ? 256 : capacity_;
    while (wanted - size_ < more)
      wanted *= 2;
    std::unique_ptr<char[]> fresh(new char[wanted]);
    if (size_ != 0) std::memcpy(fresh.get(), bytes_.get(), size_);
    bytes_ = std::move(fresh);
    capacity_ = wanted;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace cachesite::redis
