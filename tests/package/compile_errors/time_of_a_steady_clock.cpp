// error: use std::chrono::system_clock
// names: steady_clock
#include <cachesite/json_serializer.hpp>

#include <chrono>
int main() {
  std::chrono::steady_clock::time_point begin;
  std::string bytes;
  const cachesite::JsonSerializer serializer;
  return serializer.write(begin, bytes).ok() && serializer.read(bytes, begin).ok();
}
