#pragma once

#include <cstddef>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cachesite::detail {

/// Memory for what belongs to one request. It is given back all at once, with the request. The first bytes are
/// in the object itself. All functions that take memory throw std::bad_alloc.
class RequestMemory {
 public:
  RequestMemory() noexcept {}  // NOLINT(modernize-use-equals-default): `room_` is left as it is
  RequestMemory(const RequestMemory&) = delete;
  RequestMemory& operator=(const RequestMemory&) = delete;
  ~RequestMemory() {
    if (objects_ != nullptr || blocks_ != nullptr) release();
  }

  /// An object that lives as long as the memory. The last one made is destroyed first.
  template <class T, class... Arguments>
  T& make(Arguments&&... arguments) {
    static_assert(alignof(T) <= alignof(std::max_align_t));
    if constexpr (std::is_trivially_destructible_v<T>) {
      return *new (allocate(sizeof(T))) T(std::forward<Arguments>(arguments)...);
    } else {
      auto* const entry =
          new (allocate(sizeof(EntryOf<T>))) EntryOf<T>(std::forward<Arguments>(arguments)...);
      entry->before = std::exchange(objects_, entry);
      return entry->object;
    }
  }

  /// Bytes, aligned for any type.
  [[nodiscard]] void* allocate(std::size_t size) {
    const std::size_t whole = (size + alignment - 1) / alignment * alignment;
    if (whole > room_size - used_) return allocate_block(whole);
    return room_ + std::exchange(used_, used_ + whole);
  }

  /// A copy of `text`.
  [[nodiscard]] std::string_view copy(std::string_view text);

 private:
  static constexpr std::size_t room_size = 384;
  static constexpr std::size_t alignment = alignof(std::max_align_t);

  struct Entry {
    virtual ~Entry() = default;
    Entry* before = nullptr;
  };
  template <class T>
  struct EntryOf final : Entry {
    template <class... Arguments>
    explicit EntryOf(Arguments&&... arguments) : object(std::forward<Arguments>(arguments)...) {}
    T object;
  };
  struct Block;

  [[nodiscard]] void* allocate_block(std::size_t size);
  void release() noexcept;

  Entry* objects_ = nullptr;  // the last one first
  Block* blocks_ = nullptr;
  std::size_t used_ = 0;  // of the room
  alignas(std::max_align_t) std::byte room_[room_size];
};

}  // namespace cachesite::detail
