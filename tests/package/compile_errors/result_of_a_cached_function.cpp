// error: cachesite cannot serialise this type
// names: Engine
#include <cachesite/cached_function.hpp>
#include <cachesite/json_serializer.hpp>
struct Engine {
  int power = 0;
};
int main() {
  const auto engine = cachesite::cached<cachesite::JsonSerializer>(
      nullptr, "engine:{id}", std::chrono::minutes(1), [](int) { return Engine(); });
  return engine(1).power;
}
