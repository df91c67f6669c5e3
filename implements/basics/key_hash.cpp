#include "basics/key_hash.hpp"

#include <random>

namespace cachesite::basics {

HashSeed HashSeed::random() {
  std::random_device device;
  const auto word = [&device] { return std::uint64_t{device()} << 32U | device(); };
  return {word() | 1U, word()};
}

}  // namespace cachesite::basics
