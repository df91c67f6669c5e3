// What a call of a rate limiter in memory costs.
//
//   rate_limits instructions SUBJECT RUNS   runs that many calls and nothing else: under callgrind, the
//                                           difference of two runs divided by the difference of their lengths
//                                           is the number of instructions of one call (rate_limits.sh does
//                                           the sums)
//   rate_limits [SECONDS]                   calls a second with 1, 2, 4, 8 and 16 threads
//
// Subjects: bucket, window (allowed calls), bucket-refused, window-refused.

#include <cachesite/sliding_window_limiter.hpp>
#include <cachesite/token_bucket_limiter.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace cachesite;

constexpr std::string_view subjects[] = {"bucket", "bucket-refused", "window", "window-refused"};

template <class Limiter>
std::shared_ptr<IRateLimiter> made(const char* rate) {
  typename Limiter::Options options;
  options.rate = rate;
  return std::make_shared<Limiter>(options);
}

std::shared_ptr<IRateLimiter> make(std::string_view name) {
  const bool refused = name.ends_with("-refused");
  const char* const bucket = refused ? "1/hour" : "100000/hour";
  const char* const window = refused ? "1/hour" : "100000/10s";
  return name.starts_with("bucket") ? made<TokenBucketLimiter>(bucket) : made<SlidingWindowLimiter>(window);
}

long calls(IRateLimiter& limiter, std::string_view key, long times) {
  long allowed = 0;
  for (long run = 0; run < times; ++run)
    allowed += limiter.acquire(key).value_or({}).allowed ? 1 : 0;
  return allowed;
}

double calls_a_second(IRateLimiter& limiter, int threads, double seconds) {
  std::atomic<bool> over{false};
  std::atomic<long> done{0};
  std::vector<std::thread> workers;
  for (int thread = 0; thread < threads; ++thread)
    workers.emplace_back([&, key = "client:" + std::to_string(thread)] {
      long own = 0;
      while (!over.load(std::memory_order_relaxed)) {
        (void)calls(limiter, key, 100);
        own += 100;
      }
      done += own;
    });
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  over = true;
  for (auto& worker : workers)
    worker.join();
  return static_cast<double>(done) / seconds;
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 3 && std::string_view(arguments[1]) == "instructions") {
    const auto limiter = make(arguments[2]);
    const long allowed = calls(*limiter, "client:00000000000000042", std::atol(arguments[3]));
    return allowed >= 0 ? 0 : 1;
  }
  const double seconds = count > 1 ? std::atof(arguments[1]) : 0.5;
  for (const auto subject : subjects)
    for (const int threads : {1, 2, 4, 8, 16}) {
      const auto limiter = make(subject);
      std::printf("%-16.*s %2d threads  %6.2f million calls a second\n", static_cast<int>(subject.size()),
                  subject.data(), threads, calls_a_second(*limiter, threads, seconds) / 1e6);
    }
}
