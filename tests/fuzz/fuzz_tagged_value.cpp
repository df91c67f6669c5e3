#include "layers/tagged/tagged_value.hpp"

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

using namespace cachesite;

/// Stored bytes of an entry with tags: what is read at all is written again byte for byte, and nothing that
/// is read lies outside of the bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stored(reinterpret_cast<const char*>(data), size);
  const auto value = layers::decode_tagged(stored);
  if (!value) return 0;
  if (!layers::looks_tagged(stored)) std::abort();
  const auto inside = [&](std::string_view part) {
    return part.empty() ||
           (part.data() >= stored.data() && part.data() + part.size() <= stored.data() + stored.size());
  };
  if (!inside(value->payload)) std::abort();
  for (const auto& mark : value->marks)
    if (!inside(mark.tag)) std::abort();
  std::string again;
  layers::encode_tagged(value->null ? std::nullopt : std::optional(value->payload), value->marks, again);
  if (again != stored) std::abort();
  return 0;
}
