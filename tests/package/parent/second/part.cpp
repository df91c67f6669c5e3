#include <cachesite/memory_cache.hpp>

std::size_t size_of_a_cache() {
  return sizeof(cachesite::MemoryCache);
}
