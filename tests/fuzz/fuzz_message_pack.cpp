#include "fuzz_data_format.hpp"

#include <cachesite/message_pack_serializer.hpp>

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const cachesite::MessagePackSerializer serializer({{40, 10000}, true});
  cachesite::fuzz::read_and_write_data(serializer, {reinterpret_cast<const char*>(data), size});
  return 0;
}
