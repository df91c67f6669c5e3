// Preloaded into a redis-server: its time of day is what a file says, which a test writes. Steady clocks go
// on.

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

using Microseconds = std::atomic<std::int64_t>;

const Microseconds* shared_time() {
  static const Microseconds* const mapped = []() -> const Microseconds* {
    const char* const path = std::getenv("CACHESITE_SERVER_CLOCK");
    const int file = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
    void* const memory =
        file < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(Microseconds), PROT_READ, MAP_SHARED, file, 0);
    return memory == MAP_FAILED ? nullptr : static_cast<const Microseconds*>(memory);
  }();
  return mapped;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (clock != CLOCK_REALTIME || shared_time() == nullptr)
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  const std::int64_t now = shared_time()->load();
  time->tv_sec = now / 1'000'000;
  time->tv_nsec = now % 1'000'000 * 1000;
  return 0;
}

extern "C" int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  const int failed = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return failed;
}

extern "C" time_t time(time_t* destination) noexcept {
  timespec now{};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  if (destination != nullptr) *destination = now.tv_sec;
  return now.tv_sec;
}
