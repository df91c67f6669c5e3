#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/result.hpp>
#include <cachesite/secret.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cachesite::codecs {

inline constexpr std::size_t fernet_key_size = 64;

using FernetInitialVector = std::array<unsigned char, 16>;

// `key` is 64 raw bytes.
Result<std::string> seal_fernet(const Secret& key, ByteView plain, std::chrono::seconds time,
                                const FernetInitialVector& initial_vector);

enum class FernetVerdict : std::uint8_t {
  open,
  malformed,      // no token
  expired,        // too old, or from the future
  not_authentic,  // no key fits
};

struct FernetAge {
  std::chrono::seconds most;
  std::chrono::seconds now;
};

struct OpenedFernet {
  FernetVerdict verdict = FernetVerdict::malformed;
  std::string plain;
  std::chrono::seconds time{0};
};

OpenedFernet open_fernet(const std::vector<Secret>& keys, ByteView token, std::optional<FernetAge> age);

// How long the token of `plain_size` bytes is, and most that a token of `token_size` characters holds.
std::size_t fernet_plain_bound(std::size_t token_size) noexcept;

}  // namespace cachesite::codecs
