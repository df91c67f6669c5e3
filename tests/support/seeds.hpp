#pragma once

#include "support/sanitized.hpp"

#include <cstdint>
#include <cstdlib>

namespace cachesite::test {

inline std::uint32_t number_in_environment(const char* variable, std::uint32_t otherwise) {
  const char* const given = std::getenv(variable);
  return given ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : otherwise;
}

/// The seeds of a simulation: CACHESITE_SEED replays one, CACHESITE_SEEDS runs as many.
struct Seeds {
  std::uint32_t first = number_in_environment("CACHESITE_SEED", 1);
  std::uint32_t count = number_in_environment("CACHESITE_SEEDS", first != 1 ? 1 : sanitized ? 40 : 400);

  template <class Run>
  void for_each(Run run) const {
    for (std::uint32_t seed = first; seed < first + count; ++seed)
      run(seed);
  }
};

}  // namespace cachesite::test
