#pragma once

#include <cachesite/bytes.hpp>

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace cachesite {

/// The bytes of one cached value, and the destination of reads.
///
/// Up to `inline_capacity` bytes live in the object itself; larger values live in one block on the heap,
/// which copies of a Value share. A second read into a Value reuses its memory when no copy shares it, so a
/// loop with one Value as its destination does not allocate.
///
/// Thread safety: that of a standard container. Different Values that share one block may be used from
/// different threads; the shared bytes are never changed.
class Value {
 public:
  static constexpr std::size_t inline_capacity = 80;
  static_assert(inline_capacity % 8 == 0);

  // Not defaulted: `Value()` would fill the room for inline bytes with zeros first.
  Value() noexcept {}  // NOLINT(modernize-use-equals-default)

  /// A value that holds a copy of `bytes`. Throws std::bad_alloc.
  explicit Value(ByteView bytes) { assign(bytes); }

  Value(const Value& other) : block_(other.block_), size_(other.size_), capacity_(0) { copy_inline(other); }

  Value(Value&& other) noexcept
      : block_(std::move(other.block_)), size_(other.size_), capacity_(other.capacity_) {
    copy_inline(other);
    other.size_ = other.capacity_ = 0;
  }

  Value& operator=(const Value& other) {
    if (this != &other) {
      block_ = other.block_;
      size_ = other.size_;
      capacity_ = 0;
      copy_inline(other);
    }
    return *this;
  }

  Value& operator=(Value&& other) noexcept {
    if (this != &other) {
      block_ = std::move(other.block_);
      size_ = other.size_;
      capacity_ = other.capacity_;
      copy_inline(other);
      other.size_ = other.capacity_ = 0;
    }
    return *this;
  }

  ~Value() = default;

  /// The bytes; valid until this Value is assigned to or destroyed.
  [[nodiscard]] Bytes bytes() const noexcept { return {data(), size_}; }
  /// The same bytes as text. Nothing is checked: a value is any bytes.
  [[nodiscard]] std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(data()), size_};
  }
  /// Number of bytes.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// Replaces the content with a copy of `bytes`. Throws std::bad_alloc; the old content is then lost.
  void assign(ByteView bytes) {
    const auto destination = resize_for_overwrite(bytes.size());
    if (!bytes.empty()) std::memcpy(destination.data(), bytes.data(), bytes.size());
  }

  /// For implementers of caches: makes room for `size` bytes, whose content is then indeterminate, and
  /// returns where to write them. The memory extends to the next multiple of eight, so that whole words may
  /// be written. Reuses memory that is not shared. Throws std::bad_alloc; the Value is then empty.
  [[nodiscard]] std::span<std::byte> resize_for_overwrite(std::size_t size) {
    if (std::byte* const place = resize_inline_for_overwrite(size)) return {place, size};
    return resize_with_block(size);
  }

  /// The same for a size that fits into the object itself; null for a larger size, or while a block is held.
  [[nodiscard]] std::byte* resize_inline_for_overwrite(std::size_t size) noexcept {
    if (size > inline_capacity || block_) return nullptr;
    size_ = size;
    return inline_;
  }

  /// For implementers of caches: shares `size` bytes of an immutable block without a copy. The bytes must not
  /// change while any owner of `block` exists.
  void share(std::shared_ptr<const std::byte> block, std::size_t size) noexcept {
    block_ = std::move(block);
    size_ = size;
    capacity_ = 0;
  }

  /// For implementers of caches: leaves out the first `count` bytes, and keeps what memory it has. Precondition:
  /// there are as many.
  void drop_front(std::size_t count) noexcept;

  /// Makes the value empty and releases its memory.
  void clear() noexcept {
    release_block();
    size_ = 0;
  }

  /// Equal when the bytes are equal.
  friend bool operator==(const Value& left, const Value& right) noexcept {
    return left.text() == right.text();
  }

 private:
  [[nodiscard]] const std::byte* data() const noexcept { return block_ ? block_.get() : inline_; }

  std::span<std::byte> resize_with_block(std::size_t size) {
    if (size <= inline_capacity) {
      if (block_) release_block();
      size_ = size;
      return {inline_, size};
    }
    if (capacity_ < size || !has_block_alone()) make_block(size);
    size_ = size;
    return {const_cast<std::byte*>(block_.get()), size};
  }

  void make_block(std::size_t size);
  [[nodiscard]] bool has_block_alone() const noexcept;

  void release_block() noexcept {
    block_.reset();
    capacity_ = 0;
  }

  void copy_inline(const Value& other) noexcept {
    if (!block_ && size_ != 0) std::memcpy(inline_, other.inline_, size_);
  }

  std::shared_ptr<const std::byte> block_;  // null: the bytes are inline
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;  // of a block made by this Value itself; 0 for a shared block
  std::byte inline_[inline_capacity];
};

}  // namespace cachesite
