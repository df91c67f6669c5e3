#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace cachesite::basics {

/// Texts that no two holders share, on whatever machine they are: `cachesite:<host>:<pid>:<random>-<n>`.
class OwnerNames {
 public:
  OwnerNames();
  [[nodiscard]] std::string next();

 private:
  const std::string host_;
  const std::string random_;  // 128 bits
  std::atomic<std::uint64_t> count_{0};
};

/// How the owners of this library's leases begin.
inline constexpr const char* owner_prefix = "cachesite:";

}  // namespace cachesite::basics
