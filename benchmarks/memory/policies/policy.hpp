#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cachesite::bench {

// A simulated cache of keys without values. Keys are numbers from 0 on.
class IPolicy {
 public:
  virtual ~IPolicy() = default;
  // A read, and on a miss a write. True on a hit.
  virtual bool access(std::uint32_t key) = 0;
};

std::unique_ptr<IPolicy> make_fifo(std::uint32_t keys, std::uint32_t capacity);
std::unique_ptr<IPolicy> make_lru(std::uint32_t keys, std::uint32_t capacity);
std::unique_ptr<IPolicy> make_s3fifo(std::uint32_t keys, std::uint32_t capacity);
std::unique_ptr<IPolicy> make_arc(std::uint32_t keys, std::uint32_t capacity);
std::unique_ptr<IPolicy> make_wtinylfu(std::uint32_t keys, std::uint32_t capacity);
std::unique_ptr<IPolicy> make_optimum(std::uint32_t keys, std::uint32_t capacity,
                                      const std::vector<std::uint32_t>& trace);

}  // namespace cachesite::bench
