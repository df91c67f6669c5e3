#include "read_and_write.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cachesite::fuzz::read_and_write({reinterpret_cast<const char*>(data), size}, cachesite::Format::toml);
  return 0;
}
