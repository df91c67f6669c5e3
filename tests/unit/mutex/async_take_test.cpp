// Mutexes that are taken without a thread that waits (memory: no server has a part in it).

#include "support/sanitized.hpp"
#include "support/wait_until.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/memory_mutex_site.hpp>
#include <cachesite/mutex_guard.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

using Taken = Result<std::shared_ptr<IMutexLease>>;

struct MutexWorld {
  MemoryMutexSite site;
  std::shared_ptr<IMutex> mutex = site.get_mutex("stock");
  std::shared_ptr<IMutexLease> held = mutex->take().value();
};

std::string outcome_of(const Taken& taken) {
  if (!taken.ok()) return std::string(to_string(taken.error().code()));
  return taken.value() ? "taken" : "nothing";
}

// A coroutine that whoever made it destroys.
struct OwnedTask {
  struct promise_type {
    OwnedTask get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> coroutine;
};

OwnedTask take_it(IMutex& mutex, std::atomic<bool>& taken) {
  const auto lease = co_await mutex.async_take();
  taken = lease.ok() && lease.value();
}

// Where the stack of a callback was.
class StackExtent {
 public:
  void note() noexcept {
    const char here = 0;
    const auto place = reinterpret_cast<std::uintptr_t>(&here);
    lowest_ = std::min(lowest_, place);
    highest_ = std::max(highest_, place);
  }
  [[nodiscard]] std::uintptr_t bytes() const noexcept { return highest_ - lowest_; }

 private:
  std::uintptr_t lowest_ = UINTPTR_MAX;
  std::uintptr_t highest_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(async_take)

BOOST_AUTO_TEST_CASE(a_free_mutex_is_taken_at_once_and_given_back) {
  MemoryMutexSite site;
  const auto mutex = site.get_mutex("stock");
  const auto lease = mutex->async_take().wait();
  BOOST_REQUIRE(outcome_of(lease) == "taken");
  BOOST_TEST(lease.value()->held());
  BOOST_TEST(!mutex->try_lock());
  BOOST_TEST(lease.value()->async_release().wait().value_or(false));
  BOOST_TEST(!lease.value()->held());
  BOOST_TEST(!lease.value()->async_release().wait().value_or(true));
  BOOST_TEST(mutex->try_lock());
  mutex->unlock();
}

BOOST_AUTO_TEST_CASE(a_guard_is_given_back_without_a_thread) {
  MutexWorld world;
  MutexGuard guard(std::move(world.held));
  BOOST_TEST(guard.async_release().wait().value_or(false));
  BOOST_TEST(!guard.held());
  BOOST_TEST(!guard.async_release().wait().value_or(true));
  BOOST_TEST(world.mutex->try_lock());
  world.mutex->unlock();
}

BOOST_AUTO_TEST_CASE(a_wrong_length_of_a_lease_is_refused) {
  MutexWorld world;
  BOOST_TEST(outcome_of(world.mutex->async_take({.expire = 0ms}).wait()) == "bad_argument");
}

BOOST_AUTO_TEST_CASE(the_end_of_the_wait_gives_nothing_and_the_end_of_the_patience_is_a_timeout) {
  MutexWorld world;
  BOOST_TEST(outcome_of(world.mutex->async_take({.wait = 0ms}).wait()) == "nothing");
  BOOST_TEST(outcome_of(world.mutex->async_take({.wait = 5ms}).wait()) == "nothing");
  BOOST_TEST(outcome_of(world.mutex->async_take({}, {.patience = 5ms}).wait()) == "timeout");
  BOOST_TEST(outcome_of(world.mutex->async_take({.wait = 5ms}, {.patience = 10s}).wait()) == "nothing");
}

BOOST_AUTO_TEST_CASE(threads_and_calls_take_turns_in_one_line) {
  constexpr int calls = 50;
  constexpr int threads = 10;
  MutexWorld world;
  std::mutex lock;
  std::vector<int> order;
  std::atomic<int> inside{0};
  std::atomic<int> at_once{0};
  std::atomic<int> done{0};
  const auto use = [&](int who) {
    if (inside.fetch_add(1) != 0) ++at_once;
    {
      const std::lock_guard guard(lock);
      order.push_back(who);
    }
    inside.fetch_sub(1);
    ++done;
  };
  std::vector<std::thread> users;
  for (int index = 0; index < calls; ++index) {
    world.mutex->async_take().start([&use, index](Taken taken) {
      if (taken.ok() && taken.value()) use(index);
    });
    if (index % (calls / threads) == 0)
      users.emplace_back([&use, mutex = world.mutex, who = calls + index] {
        const std::scoped_lock own(*mutex);
        use(who);
      });
  }
  world.held.reset();
  BOOST_TEST(test::wait_until([&] { return done == calls + threads; }));
  for (auto& user : users)
    user.join();
  BOOST_TEST(at_once == 0);
  std::erase_if(order, [](int who) { return who >= calls; });
  BOOST_TEST(order.size() == std::size_t{calls});
  BOOST_TEST(std::is_sorted(order.begin(), order.end()));
}

BOOST_AUTO_TEST_CASE(a_thread_before_and_a_call_after_get_it_in_this_order) {
  MutexWorld world;
  std::atomic<bool> first_has_it{false};
  std::atomic<bool> let_go{false};
  std::atomic<bool> second_has_it{false};
  world.held.reset();
  std::thread first([&] {
    const std::scoped_lock own(*world.mutex);
    first_has_it = true;
    test::wait_until([&] { return let_go.load(); });
  });
  BOOST_TEST(test::wait_until([&] { return first_has_it.load(); }));
  world.mutex->async_take().start([&](Taken taken) { second_has_it = taken.ok() && taken.value(); });
  BOOST_TEST(!second_has_it);
  let_go = true;
  first.join();
  BOOST_TEST(test::wait_until([&] { return second_has_it.load(); }));
}

BOOST_AUTO_TEST_CASE(a_cancelled_wait_leaves_the_line) {
  MutexWorld world;
  std::stop_source stop;
  auto first = world.mutex->async_take({}, {.stop = stop.get_token()}).future();
  auto by_its_request = world.mutex->async_take({.stop = stop.get_token()}).future();
  auto second = world.mutex->async_take().future();
  stop.request_stop();
  BOOST_TEST(outcome_of(first.get()) == "closed");
  BOOST_TEST(outcome_of(by_its_request.get()) == "closed");
  world.held.reset();
  BOOST_TEST(outcome_of(second.get()) == "taken");
}

BOOST_AUTO_TEST_CASE(a_coroutine_that_is_destroyed_leaves_the_line) {
  MutexWorld world;
  std::atomic<bool> taken{false};
  const auto task = take_it(*world.mutex, taken);
  auto second = world.mutex->async_take().future();
  task.coroutine.destroy();
  world.held.reset();
  BOOST_TEST(outcome_of(second.get()) == "taken");
  BOOST_TEST(!taken);
}

BOOST_AUTO_TEST_CASE(a_stopped_site_ends_calls_with_closed) {
  MutexWorld world;
  auto waiting = world.mutex->async_take().future();
  world.site.stop();
  BOOST_TEST(outcome_of(waiting.get()) == "closed");
  BOOST_TEST(outcome_of(world.mutex->async_take().wait()) == "closed");
}

BOOST_AUTO_TEST_CASE(a_waiting_writer_keeps_later_readers_out_in_both_forms) {
  MutexWorld world;
  world.held.reset();
  const MutexRequest shared{.mode = MutexMode::shared};
  const auto reader = world.mutex->async_take(shared).wait();
  const auto other_reader = world.mutex->take(shared);
  BOOST_REQUIRE((outcome_of(reader) == "taken" && outcome_of(other_reader) == "taken"));
  auto writer = world.mutex->async_take().future();
  BOOST_TEST(outcome_of(world.mutex->take({.mode = MutexMode::shared, .wait = 0ms})) == "nothing");
  (void)reader.value()->release();
  (void)other_reader.value()->release();
  BOOST_TEST(outcome_of(writer.get()) == "taken");
}

BOOST_AUTO_TEST_CASE(a_lease_of_a_call_belongs_to_no_thread) {
  MemoryMutexSite site;
  const auto mutex = site.get_reentrant_mutex("stock");
  const auto lease = mutex->async_take().wait();
  BOOST_REQUIRE(outcome_of(lease) == "taken");
  BOOST_TEST(!mutex->try_lock());
  BOOST_TEST(outcome_of(mutex->async_take({.wait = 0ms}).wait()) == "nothing");
}

BOOST_AUTO_TEST_CASE(a_long_line_of_calls_passes_a_mutex_on_without_a_deep_stack) {
  constexpr int calls = test::sanitized ? 3'000 : 100'000;
  MutexWorld world;
  std::atomic<int> done{0};
  StackExtent stack;
  for (int index = 0; index < calls; ++index)
    world.mutex->async_take().start([&](Taken taken) {
      if (taken.ok() && taken.value()) stack.note();
      (void)std::move(taken).value()->release();
      done.fetch_add(1);
    });
  world.held.reset();
  BOOST_TEST(test::wait_until([&] { return done == calls; }, 60s));
  BOOST_TEST(stack.bytes() < 64U * 1024);
}

BOOST_AUTO_TEST_SUITE_END()
