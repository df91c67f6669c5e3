// cachesite: inspects component files and the caches that they declare.

#include <cachesite/tool_main.hpp>

int main(int count, char** words) {
  return cachesite::tool_main(count, words);
}
