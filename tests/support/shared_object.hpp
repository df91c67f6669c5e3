#pragma once

#include "support/file_descriptor.hpp"

#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace cachesite::test {

/// An object in a file that several processes see at once. All its bytes are 0 at first.
template <class Object>
class SharedObject {
 public:
  explicit SharedObject(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    void* memory = MAP_FAILED;
    if (file.get() >= 0 && ::ftruncate(file.get(), sizeof(Object)) == 0)
      memory = ::mmap(nullptr, sizeof(Object), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) throw std::runtime_error("no shared memory in " + path);
    object_ = static_cast<Object*>(memory);
  }
  ~SharedObject() { ::munmap(object_, sizeof(Object)); }
  SharedObject(const SharedObject&) = delete;
  SharedObject& operator=(const SharedObject&) = delete;

  Object& operator*() const { return *object_; }
  Object* operator->() const { return object_; }

 private:
  Object* object_;
};

}  // namespace cachesite::test
