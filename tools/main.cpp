// cachesite: looks into component files and into the caches that they declare.

#include <cachesite/tool_main.hpp>

int main(int count, char** words) {
  return cachesite::tool_main(count, words);
}
