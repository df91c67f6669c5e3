#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::redis {

/// The prefixes that a feed asks a server for: the union of all that are wanted, without those that another one
/// covers, since a server takes none that overlap.
class PrefixSet {
 public:
  enum class Change : std::uint8_t {
    none,   // one covers it already
    added,  // it stands beside the others
    anew    // it covers others, which have to be given up first
  };
  Change add(std::string_view prefix);

  [[nodiscard]] std::span<const std::string> all() const noexcept { return prefixes_; }

 private:
  std::vector<std::string> prefixes_;
};

}  // namespace cachesite::redis
