// Types are the same on both sides of a shared library: what it throws is caught by its type, and casts between interfaces work.

#include <cachesite/cachesite.hpp>

#include <cstdio>
#include <memory>

#include <dlfcn.h>

namespace {

template <class Function>
Function* find(void* plugin, const char* name) {
  return reinterpret_cast<Function*>(dlsym(plugin, name));
}

int complain(const char* what) {
  std::puts(what);
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  void* const plugin = dlopen(count > 1 ? arguments[1] : "libplugin.so", RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) return complain(dlerror());

  std::shared_ptr<cachesite::ICache> cache;
  find<void(std::shared_ptr<cachesite::ICache>*)>(plugin, "make_cache")(&cache);
  if (std::dynamic_pointer_cast<cachesite::PrefixCache>(cache) == nullptr)
    return complain("the cache of the plugin is no PrefixCache here");
  if (std::dynamic_pointer_cast<cachesite::MemoryCache>(cache) != nullptr)
    return complain("the cache of the plugin is a MemoryCache here");
  const std::shared_ptr<cachesite::IComponent> component = cache;
  if (std::dynamic_pointer_cast<cachesite::ICache>(component) == nullptr)
    return complain("the component of the plugin is no ICache here");

  try {
    find<void()>(plugin, "load_wrong_file")();
    return complain("nothing was thrown");
  } catch (const cachesite::LoadError& error) {
    if (error.problems().empty()) return complain("the error holds no problems");
  }
  std::puts("the same types on both sides");
  return 0;
}
