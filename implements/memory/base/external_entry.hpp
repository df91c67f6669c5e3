#pragma once

#include <cachesite/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cachesite::memory {

// An entry too large for the arena. The value is a block that a hit shares instead of copying.
struct ExternalEntry {
  // Bytes of the heap that such an entry costs besides its key and value: this struct, the share count, and
  // what an allocator adds to three blocks.
  static constexpr std::size_t overhead = 192;

  static std::unique_ptr<ExternalEntry> make(std::string_view key, std::optional<ByteView> value) {
    auto entry = std::make_unique<ExternalEntry>();
    entry->key = key;
    if (value) {
      std::shared_ptr<std::byte[]> block(new std::byte[value->size()]);
      if (!value->empty()) std::memcpy(block.get(), value->data(), value->size());
      entry->value_size = value->size();
      std::byte* start = block.get();
      entry->value = std::shared_ptr<const std::byte>(std::move(block), start);
    }
    return entry;
  }

  // Before anybody shares the value; no longer than it was.
  void overwrite_value(std::string_view text) noexcept {
    std::memcpy(const_cast<std::byte*>(value.get()), text.data(), text.size());
    value_size = text.size();
  }

  std::uint64_t bytes() const noexcept { return key.size() + value_size + overhead; }

  std::string key;
  std::shared_ptr<const std::byte> value;  // null for a cached null
  std::size_t value_size = 0;
  ExternalEntry* next_dropped = nullptr;
};

}  // namespace cachesite::memory
