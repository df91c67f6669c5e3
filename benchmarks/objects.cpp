// What a hit in memory costs a TypedCache that parses it, and one that finds its object.
//
//   objects instructions SUBJECT RUNS   runs that many hits and nothing else, for objects.sh
//   objects                             exit status 1 when a hit that finds its object allocates
//
// Subjects: bytes (the read alone), found, json, message_pack; of 210 bytes of JSON, or the same as MessagePack.

#include "counted_allocations.hpp"

#include <cachesite/data_fields.hpp>
#include <cachesite/detail/object_table.hpp>
#include <cachesite/json_serializer.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/message_pack_serializer.hpp>
#include <cachesite/typed_cache.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace cachesite;

struct Product {
  std::int64_t id = 0;
  std::string name;
  std::string text;
  double price = 0.0;
  std::vector<std::string> shelves;

  CACHESITE_FIELDS(Product, id, name, text, price, shelves)
};

constexpr std::string_view key = "product:0000000000000042";
const Product product{42, "Earl Grey", std::string(80, 't'), 3.25, {"tea", "drinks", "hot"}};

template <class Serializer>
long typed_hits(long times, bool find) {
  using Typed = TypedCache<std::shared_ptr<const Product>, Serializer>;
  const auto memory = std::make_shared<MemoryCache>();
  Typed products = find ? Typed(memory, std::make_unique<ObjectTable>()) : Typed(memory);
  products.set_value(key, std::make_shared<const Product>(product), std::chrono::hours(1));
  long found = 0;
  for (long run = 0; run < times; ++run)
    found += products.get(key).hit();
  return found;
}

long byte_hits(long times) {
  const auto memory = std::make_shared<MemoryCache>();
  std::string bytes;
  if (!JsonSerializer().write(product, bytes).ok()) return 0;
  memory->set_value(key, bytes, std::chrono::hours(1));
  Value value;
  long found = 0;
  for (long run = 0; run < times; ++run)
    found += memory->read(key, value).ok();
  return found;
}

long hits(std::string_view subject, long times) {
  if (subject == "bytes") return byte_hits(times);
  if (subject == "message_pack") return typed_hits<MessagePackSerializer>(times, false);
  return typed_hits<JsonSerializer>(times, subject == "found");
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 3 && std::string_view(arguments[1]) == "instructions") {
    const long runs = std::atol(arguments[3]);
    return hits(arguments[2], runs) == runs ? 0 : 1;
  }
  hits("found", 1000);
  const long before = allocations.load();
  hits("found", 1000);
  const long between = allocations.load();
  hits("found", 101'000);
  const long made = (allocations.load() - between) - (between - before);
  std::printf("%ld allocations in 100000 hits that find their object\n", made);
  return made == 0 ? 0 : 1;
}
