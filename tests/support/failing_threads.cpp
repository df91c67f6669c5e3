#include "support/failing_threads.hpp"

#include "support/support_thread.hpp"

#include <atomic>
#include <cerrno>
#include <stdexcept>

#include <dlfcn.h>
#include <pthread.h>

namespace cachesite::test {
namespace {

std::atomic<bool> in_use{false};
std::atomic<bool> active{false};
std::atomic<long> first_failing{0};
std::atomic<long> last_failing{0};
std::atomic<long> seen_so_far{0};
std::atomic<long> failed_so_far{0};

bool this_one_fails() noexcept {
  if (!active.load() || starts_support_thread) return false;
  const long number = seen_so_far.fetch_add(1);
  if (number < first_failing.load() || number > last_failing.load()) return false;
  failed_so_far.fetch_add(1);
  return true;
}

}  // namespace

FailingThreads::FailingThreads(long first, long count) {
  if (in_use.exchange(true)) throw std::logic_error("thread starts are made to fail already");
  seen_so_far = 0;
  failed_so_far = 0;
  first_failing = first;
  last_failing = count > all - first ? all : first + count - 1;
  active = true;
}

FailingThreads::~FailingThreads() {
  end();
  in_use = false;
}

void FailingThreads::end() noexcept {
  active = false;
}

long FailingThreads::seen() const noexcept {
  return seen_so_far.load();
}

long FailingThreads::failed() const noexcept {
  return failed_so_far.load();
}

}  // namespace cachesite::test

// That of a sanitizer, which has to know each thread.
extern "C" [[gnu::weak]] int __interceptor_pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*),
                                                          void*);

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*),
                              void* argument) noexcept {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const Create create = __interceptor_pthread_create != nullptr
                                   ? &__interceptor_pthread_create
                                   : reinterpret_cast<Create>(::dlsym(RTLD_NEXT, "pthread_create"));
  if (cachesite::test::this_one_fails()) return EAGAIN;
  return create(thread, attributes, body, argument);
}
