// error: Keys of maps are text, integers or enumerations
// names: std::map<std::pair<int, int>, int>
#include <cachesite/json_serializer.hpp>

#include <map>
int main() {
  std::map<std::pair<int, int>, int> places;
  std::string bytes;
  const cachesite::JsonSerializer serializer;
  return serializer.write(places, bytes).ok() && serializer.read(bytes, places).ok();
}
