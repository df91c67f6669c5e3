// error: cachesite cannot serialise this type
// names: Engine
#include <cachesite/json_serializer.hpp>
struct Engine {
  int power = 0;
};
struct Car {
  int id = 0;
  std::vector<Engine> engines;
  static auto fields() {
    return std::tuple(cachesite::data_field("id", &Car::id), cachesite::data_field("engines", &Car::engines));
  }
};
int main() {
  Car car;
  std::string bytes;
  const cachesite::JsonSerializer serializer;
  return serializer.write(car, bytes).ok() && serializer.read(bytes, car).ok();
}
