#pragma once

#include "memory/base/hash.hpp"
#include "memory/base/tick.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cachesite::memory {

// The arena is read while it is written, so it consists of atomic words only.
using Word = std::atomic<std::uint64_t>;
static_assert(sizeof(Word) == 8 && Word::is_always_lock_free);

// First word of an entry. After it: the full expiry (only when wide), the key, the value, each padded to a
// word. An external entry has two words instead: the hash of the key and the address of its ExternalEntry.
class EntryHeader {
 public:
  static constexpr std::size_t largest_part = 2047;

  constexpr EntryHeader() = default;
  constexpr explicit EntryHeader(std::uint64_t raw) noexcept : raw_(raw) {}

  static constexpr EntryHeader make(std::size_t key_size, std::size_t value_size, bool null, bool external,
                                    Tick expiry) noexcept {
    std::uint64_t raw = value_size | key_size << key_shift;
    if (null) raw |= null_bit;
    if (external) raw |= external_bit;
    if (expiry == never) return EntryHeader(raw | expiry_mask << expiry_shift);
    if (expiry >= expiry_mask) return EntryHeader(raw | wide_bit);
    return EntryHeader(raw | expiry << expiry_shift);
  }

  constexpr std::uint64_t raw() const noexcept { return raw_; }
  constexpr std::size_t value_size() const noexcept { return raw_ & largest_part; }
  constexpr std::size_t key_size() const noexcept { return raw_ >> key_shift & largest_part; }
  constexpr bool is_null() const noexcept { return (raw_ & null_bit) != 0; }
  constexpr bool is_external() const noexcept { return (raw_ & external_bit) != 0; }
  constexpr bool is_wide() const noexcept { return (raw_ & wide_bit) != 0; }
  constexpr bool is_dead() const noexcept { return (raw_ & dead_bit) != 0; }
  constexpr EntryHeader dead() const noexcept { return EntryHeader(raw_ | dead_bit); }

  constexpr std::size_t key_offset() const noexcept { return is_wide() ? 2 : 1; }
  constexpr std::size_t value_offset() const noexcept { return key_offset() + words_for(key_size()); }
  constexpr std::size_t words() const noexcept {
    return is_external() ? key_offset() + 2 : plain_words() + (raw_ / wide_bit & 1U);
  }

  // Of a plain entry.
  constexpr std::size_t plain_words() const noexcept {
    return 1 + words_for(key_size()) + words_for(value_size());
  }

  // The deadline that each use puts off, kept beside the full expiry of a wide entry.
  constexpr EntryHeader with_idle_deadline(Tick deadline) const noexcept {
    const std::uint64_t stored = deadline < expiry_mask ? deadline : 0;
    return EntryHeader((raw_ & ((std::uint64_t{1} << expiry_shift) - 1)) | wide_bit | stored << expiry_shift);
  }

  Tick expiry(const Word* entry) const noexcept {
    if (is_wide()) return entry[1].load(std::memory_order_acquire);
    const std::uint64_t stored = raw_ >> expiry_shift;
    return stored == expiry_mask ? never : stored;
  }
  // When the entry is over: its end, or its idle deadline where that comes first.
  Tick deadline(const Word* entry) const noexcept {
    const Tick end = expiry(entry);
    const std::uint64_t stored = raw_ >> expiry_shift;
    return is_wide() && stored != 0 && stored < end ? stored : end;
  }
  bool is_expired(const Word* entry, Tick now) const noexcept {
    const std::uint64_t stored = raw_ >> expiry_shift;
    if (stored > now && !is_wide()) return false;
    if (!is_wide()) return stored != expiry_mask;
    return expiry(entry) <= now || (stored != 0 && stored <= now);
  }

  // The one comparison that nearly every read makes: a key of this size, in the arena, the end in the header.
  // Never true for a size above `largest_part`.
  constexpr bool is_plain_with_key_of(std::size_t size) const noexcept {
    return (raw_ & (largest_part << key_shift | external_bit | wide_bit)) == std::uint64_t{size} << key_shift;
  }
  // For two plain entries of one key: they take the same words.
  constexpr bool has_length_of(EntryHeader other) const noexcept {
    return words_for(value_size()) == words_for(other.value_size());
  }
  // For a plain entry; true for one without an end as well once the time no longer fits into a header.
  constexpr bool may_be_expired(Tick now) const noexcept { return raw_ >> expiry_shift <= now; }
  constexpr bool is_plain() const noexcept { return (raw_ & (external_bit | wide_bit)) == 0; }

  static constexpr std::size_t words_for(std::size_t bytes) noexcept { return (bytes + 7) / 8; }

 private:
  static constexpr std::uint64_t null_bit = 1U << 11U;
  static constexpr std::uint64_t external_bit = 1U << 12U;
  static constexpr std::uint64_t wide_bit = 1U << 13U;
  static constexpr std::uint64_t dead_bit = 1U << 14U;
  static constexpr unsigned key_shift = 15;
  static constexpr unsigned expiry_shift = 26;
  static constexpr std::uint64_t expiry_mask = (std::uint64_t{1} << 38U) - 1;

  std::uint64_t raw_ = 0;
};

inline EntryHeader load_header(const Word* entry) noexcept {
  return EntryHeader(entry->load(std::memory_order_acquire));
}

inline bool same_word(const Word& word, const char* bytes) noexcept {
  return word.load(std::memory_order_acquire) == load_word(bytes);
}

// Written out for keys of up to four words, which nearly all are.
[[gnu::always_inline]] inline bool same_bytes(const Word* words, const char* bytes,
                                              std::size_t size) noexcept {
  if (size < 8) return size == 0 || words->load(std::memory_order_acquire) == load_partial_word(bytes, size);
  if (!same_word(words[0], bytes) || (size >= 16 && !same_word(words[1], bytes + 8)) ||
      (size >= 24 && !same_word(words[2], bytes + 16))) {
    return false;
  }
  if (size >= 32) {
    for (std::size_t word = 3; word < size / 8; ++word) {
      if (!same_word(words[word], bytes + 8 * word)) return false;
    }
  }
  return (size & 7U) == 0 || words[size / 8].load(std::memory_order_acquire) == load_rest(bytes, size);
}

inline void copy_half_line_in(Word* words, const char* bytes) noexcept {
  words[0].store(load_word(bytes), std::memory_order_release);
  words[1].store(load_word(bytes + 8), std::memory_order_release);
  words[2].store(load_word(bytes + 16), std::memory_order_release);
  words[3].store(load_word(bytes + 24), std::memory_order_release);
}

// Written out for keys of up to four words.
[[gnu::always_inline]] inline void copy_key_in(Word* words, const char* bytes, std::size_t size) noexcept {
  if (size < 8) {
    if (size != 0) words[0].store(load_partial_word(bytes, size), std::memory_order_release);
    return;
  }
  words[0].store(load_word(bytes), std::memory_order_release);
  if (size >= 16) words[1].store(load_word(bytes + 8), std::memory_order_release);
  if (size >= 24) words[2].store(load_word(bytes + 16), std::memory_order_release);
  for (std::size_t word = 3; word < size / 8; ++word)
    words[word].store(load_word(bytes + 8 * word), std::memory_order_release);
  if ((size & 7U) != 0) words[size / 8].store(load_rest(bytes, size), std::memory_order_release);
}

// The first line written out: most values end in it.
[[gnu::always_inline]] inline void copy_in(Word* words, const char* bytes, std::size_t size) noexcept {
  std::size_t place = 0;
  if (size >= 64) {
    copy_half_line_in(words, bytes);
    copy_half_line_in(words + 4, bytes + 32);
    for (place = 64; size - place >= 32; place += 32)
      copy_half_line_in(words + place / 8, bytes + place);
  }
  for (; size - place >= 8; place += 8)
    words[place / 8].store(load_word(bytes + place), std::memory_order_release);
  if (place == size) return;
  words[place / 8].store(size < 8 ? load_partial_word(bytes, size) : load_rest(bytes, size),
                         std::memory_order_release);
}

inline void copy_word_out(char* target, const Word& source) noexcept {
  const std::uint64_t word = source.load(std::memory_order_acquire);
  std::memcpy(target, &word, 8);
}

inline void copy_half_line_out(char* target, const Word* words) noexcept {
  copy_word_out(target, words[0]);
  copy_word_out(target + 8, words[1]);
  copy_word_out(target + 16, words[2]);
  copy_word_out(target + 24, words[3]);
}

// In whole words: the target is as long as the next multiple of eight says.
[[gnu::always_inline]] inline void copy_out(void* target, const Word* words, std::size_t size) noexcept {
  char* const bytes = static_cast<char*>(target);
  std::size_t place = 0;
  if (size >= 64) {
    copy_half_line_out(bytes, words);
    copy_half_line_out(bytes + 32, words + 4);
    for (place = 64; size - place >= 32; place += 32)
      copy_half_line_out(bytes + place, words + place / 8);
  } else if (size >= 32) {
    copy_half_line_out(bytes, words);
    place = 32;
  }
  for (; place < size; place += 8)
    copy_word_out(bytes + place, words[place / 8]);
}

inline void copy_words(Word* target, const Word* source, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    target[i].store(source[i].load(std::memory_order_relaxed), std::memory_order_release);
  }
}

}  // namespace cachesite::memory
