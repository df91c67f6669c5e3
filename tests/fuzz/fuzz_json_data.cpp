#include "fuzz_data_format.hpp"

#include <cachesite/json_serializer.hpp>

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto names = static_cast<cachesite::NamingPolicy>(size % 3);
  const cachesite::JsonSerializer serializer({{64, 10000}, size % 2 == 0, names});
  cachesite::fuzz::read_and_write_data(serializer, {reinterpret_cast<const char*>(data), size});
  return 0;
}
