#include "support/support_thread.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>

#include <pthread.h>

namespace cachesite::test {
namespace {

struct Start {
  std::mutex mutex;
  std::condition_variable changed;
  bool named = false;
};

}  // namespace

std::thread start_support_thread(const std::string& name, std::function<void()> body) {
  const auto start = std::make_shared<Start>();
  const std::string full_name = (support_thread_prefix + name).substr(0, 15);
  starts_support_thread = true;
  std::thread thread([start, full_name, body = std::move(body)] {
    is_support_thread = true;
    ::pthread_setname_np(::pthread_self(), full_name.c_str());
    {
      const std::lock_guard lock(start->mutex);
      start->named = true;
    }
    start->changed.notify_all();
    body();
  });
  starts_support_thread = false;
  std::unique_lock lock(start->mutex);
  start->changed.wait(lock, [&] { return start->named; });
  return thread;
}

}  // namespace cachesite::test
