// A library can be loaded, used and unloaded, and all that again.

#include <cstdio>

#include <dlfcn.h>

int main(int count, char** arguments) {
  const char* const path = count > 1 ? arguments[1] : "libplugin.so";
  for (int round = 1; round <= 2; ++round) {
    void* const plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (plugin == nullptr) {
      std::puts(dlerror());
      return 1;
    }
    if (reinterpret_cast<int (*)()>(dlsym(plugin, "use_a_site"))() != 0) {
      std::printf("round %d fails\n", round);
      return 1;
    }
    if (dlclose(plugin) != 0) {
      std::puts(dlerror());
      return 1;
    }
  }
  std::puts("worked twice");
  return 0;
}
