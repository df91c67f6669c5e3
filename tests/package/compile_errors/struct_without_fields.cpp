// error: give a struct `static auto fields()`
// names: Engine
#include <cachesite/json_serializer.hpp>
#include <cachesite/typed_cache.hpp>
struct Engine {
  int power = 0;
};
int main() {
  cachesite::TypedCache<Engine, cachesite::JsonSerializer> engines(nullptr);
  return engines.get("v8").hit() && engines.write("v8", {}, cachesite::TimeToLive::never_expires()).ok();
}
