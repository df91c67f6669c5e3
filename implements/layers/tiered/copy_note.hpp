#pragma once

#include <cachesite/detail/i_noted_store.hpp>

#include <cstdint>

namespace cachesite::tiered {

/// What is known of a copy beside its value. Its kind, value or null, is kept by the store.
struct CopyNote {
  /// Who vouches for it: the unbroken time of news of a server that it was made in; 0: nobody.
  std::uint32_t epoch = 0;
  std::uint16_t server = 0;
  /// The end of the entry, in milliseconds since the near tier was made.
  std::uint64_t entry_end = never;
  /// Of the value; 0: not known. Compared for equality only.
  std::uint64_t version = 0;

  static constexpr std::uint64_t never = (std::uint64_t{1} << 40U) - 1;
  static constexpr std::uint64_t largest_version = (std::uint64_t{1} << 44U) - 1;

  // First word: epoch 32 bits, server 10, the higher 20 of the version, two free, and that of the store.
  // Second word: end of the entry 40 bits, the lower 24 of the version.
  [[nodiscard]] detail::INotedStore::Note packed() const noexcept {
    return {epoch | std::uint64_t{server} << server_shift | version >> low_bits << version_shift,
            entry_end | (version & low_mask) << end_bits};
  }
  [[nodiscard]] static CopyNote unpacked(const detail::INotedStore::Note& note) noexcept {
    return {epoch_of(note), server_of(note), note[1] & never,
            (note[0] >> version_shift & high_mask) << low_bits | note[1] >> end_bits};
  }
  [[nodiscard]] static std::uint32_t epoch_of(const detail::INotedStore::Note& note) noexcept {
    return static_cast<std::uint32_t>(note[0]);
  }
  [[nodiscard]] static std::uint16_t server_of(const detail::INotedStore::Note& note) noexcept {
    return note[0] >> server_shift & server_mask;
  }

 private:
  static constexpr unsigned server_shift = 32;
  static constexpr unsigned version_shift = 42;
  static constexpr unsigned end_bits = 40;
  static constexpr unsigned low_bits = 24;
  static constexpr std::uint64_t server_mask = 1023;
  static constexpr std::uint64_t high_mask = (std::uint64_t{1} << 20U) - 1;
  static constexpr std::uint64_t low_mask = (std::uint64_t{1} << low_bits) - 1;
};

}  // namespace cachesite::tiered
