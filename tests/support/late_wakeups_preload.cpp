// Preloaded into test programs by `./dev late`: their threads begin and wake up late, as on a busy machine. What a test takes to have
// happened in a few milliseconds has not.
//
// The first delays of a process come in one of three waits, later ones seldom, so that a test of a million waits ends.

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>
#include <random>
#include <thread>

#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>

namespace {

constexpr int often = 3;
constexpr int seldom = 600;
constexpr int most_often = 300;
constexpr int longest_milliseconds = 40;

bool is_a_test() noexcept {
  static const bool result = std::strncmp(program_invocation_short_name, "test_", 5) == 0;
  return result;
}

void be_late() {
  if (!is_a_test()) return;
  const int error = errno;
  static const char* const seed = std::getenv("CACHESITE_LATE_WAKEUPS");
  static std::atomic<unsigned> threads{0};
  static std::atomic<int> delays{0};
  thread_local std::mt19937 random(static_cast<unsigned>(std::atoi(seed == nullptr ? "1" : seed)) * 1000U +
                                   threads.fetch_add(1));
  const int one_in = delays < most_often ? often : seldom;
  if (std::uniform_int_distribution(1, one_in)(random) == 1) {
    ++delays;
    std::this_thread::sleep_for(
        std::chrono::milliseconds(std::uniform_int_distribution(1, longest_milliseconds)(random)));
  }
  errno = error;
}

int be_late_after(int result) {
  be_late();
  return result;
}

template <class Function>
Function* next(const char* name, Function*) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

struct Start {
  void* (*routine)(void*);
  void* argument;
};

void* start_late(void* start) {
  const auto [routine, argument] = *static_cast<Start*>(start);
  std::free(start);
  be_late();
  return routine(argument);
}

}  // namespace

extern "C" int epoll_wait(int queue, epoll_event* events, int most, int timeout) {
  static auto* const wait = next("epoll_wait", &epoll_wait);
  return be_late_after(wait(queue, events, most, timeout));
}

extern "C" int poll(pollfd* descriptors, nfds_t count, int timeout) {
  static auto* const wait = next("poll", &poll);
  return be_late_after(wait(descriptors, count, timeout));
}

extern "C" int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  static auto* const wait = next("pthread_cond_wait", &pthread_cond_wait);
  return be_late_after(wait(condition, mutex));
}

extern "C" int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                                      const timespec* end) {
  static auto* const wait = next("pthread_cond_clockwait", &pthread_cond_clockwait);
  return be_late_after(wait(condition, mutex, clock, end));
}

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*routine)(void*),
                              void* argument) {
  static auto* const create = next("pthread_create", &pthread_create);
  // Not by `new`, which fails when a test wishes.
  void* const start = std::malloc(sizeof(Start));
  if (start == nullptr) return EAGAIN;
  const int error = create(thread, attributes, start_late, new (start) Start{routine, argument});
  if (error != 0) std::free(start);
  return error;
}
