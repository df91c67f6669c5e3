// error: give it a default constructor
// names: Engine
#include <cachesite/json_serializer.hpp>
struct Engine {
  explicit Engine(int horses) : power(horses) {}
  int power;
  static auto fields() { return std::tuple(cachesite::data_field("power", &Engine::power)); }
};
int main() {
  std::vector<Engine> engines;
  std::string bytes;
  const cachesite::JsonSerializer serializer;
  return serializer.write(engines, bytes).ok() && serializer.read(bytes, engines).ok();
}
