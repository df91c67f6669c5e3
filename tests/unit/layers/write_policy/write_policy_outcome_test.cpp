// What a WritePolicyCache leaves behind after writers that throw, and after values that were replaced.

#include "support/wait_until.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

WritePolicyCacheOptions over(const std::shared_ptr<ICache>& below) {
  WritePolicyCacheOptions options;
  options.over = Reference<ICache>(below);
  return options;
}

// Lets writers wait until it opens. It opens at the latest when it is destroyed, so it stands after the cache
// whose writers it holds: the destructor of a cache waits for a writer that has begun.
class Gate {
 public:
  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() { open(); }
  void open() { set(true); }
  void close() { set(false); }
  IWritePolicyCache::Writer writer() {
    return [state = state_](std::string_view, std::optional<ByteView>) -> Status {
      std::unique_lock lock(state->mutex);
      state->changed.wait(lock, [&] { return state->open; });
      return Done{};
    };
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false;
  };

  void set(bool open) {
    const std::lock_guard lock(state_->mutex);
    state_->open = open;
    state_->changed.notify_all();
  }

  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(write_policy_outcome)

BOOST_AUTO_TEST_CASE(a_writer_that_throws_may_have_written_so_the_old_value_goes) {
  const std::vector<std::pair<ErrorCode, std::function<void()>>> throwers{
      {ErrorCode::refused, [] { throw std::runtime_error("the connection was lost after the commit"); }},
      {ErrorCode::no_memory, [] { throw std::bad_alloc(); }},
      {ErrorCode::refused, [] { throw 7; }},
  };
  for (const auto& thrower : throwers) {
    const auto memory = std::make_shared<MemoryCache>();
    WritePolicyCache cache(over(memory));
    BOOST_REQUIRE(memory->set_value("key", "old", 1h));
    std::string origin = "old";
    const auto written =
        cache.write_through("key", "new", 1h, [&](std::string_view, std::optional<ByteView> value) -> Status {
          origin = value->text();
          thrower.second();
          return Done{};
        });
    BOOST_REQUIRE(!written.ok());
    BOOST_TEST((written.error().code() == thrower.first));
    BOOST_TEST((written.error().outcome() == Outcome::unknown));
    BOOST_TEST(origin == "new");
    BOOST_TEST(memory->get("key").miss());
  }
}

BOOST_AUTO_TEST_CASE(values_that_were_replaced_leave_as_much_room_as_there_was) {
  const auto memory = std::make_shared<MemoryCache>();
  auto options = over(memory);
  options.queue_bytes = ByteSize{1000};
  options.queue_size = 4;
  options.on_full = OnFull::refuse;
  options.newest_only = true;
  WritePolicyCache cache(options);
  Gate gate;
  for (int round = 0; round < 3; ++round) {
    gate.close();
    BOOST_TEST(cache.write_behind("busy", "x", 1h, gate.writer()).ok());
    for (unsigned number = 0; number < 100; ++number)
      BOOST_TEST(cache.write_behind("key", std::string(number % 90, 'x'), 1h, gate.writer()).ok());
    gate.open();
    BOOST_TEST(cache.flush(10s).ok());
    gate.close();
    BOOST_TEST(cache.write_behind("large", std::string(900, 'x'), 1h, gate.writer()).ok());
    BOOST_TEST(cache.write_behind("small", std::string(80, 'x'), 1h, gate.writer()).ok());
    BOOST_TEST(!cache.write_behind("more", std::string(80, 'x'), 1h, gate.writer()).ok());
    gate.open();
    BOOST_TEST(cache.flush(10s).ok());
  }
  const auto statistics = cache.write_policy_statistics();
  BOOST_TEST(statistics.refused == 3U);
  BOOST_TEST(statistics.queued == statistics.written_behind + statistics.replaced);
}

BOOST_AUTO_TEST_CASE(a_flush_waits_for_the_value_that_took_the_place_of_a_failed_one) {
  auto options = over(std::make_shared<MemoryCache>());
  options.newest_only = true;
  WritePolicyCache cache(options);
  Gate gate;
  std::atomic<bool> flushing{false};
  const auto failing = [&](auto...) -> Status {
    (void)wait_until([&] { return flushing.load(); });
    std::this_thread::sleep_for(50ms);  // the flush has begun
    (void)cache.write_behind("key", "newer", 1h, gate.writer());
    return Error(ErrorCode::unreachable);
  };
  BOOST_TEST(cache.write_behind("key", "older", 1h, failing).ok());
  flushing = true;
  BOOST_TEST(!cache.flush(300ms).ok());
  gate.open();
  BOOST_TEST(cache.flush(10s).ok());
  BOOST_TEST(cache.write_policy_statistics().replaced == 1u);
}

BOOST_AUTO_TEST_CASE(a_full_queue_that_writes_through_fails_as_write_through_does) {
  const auto memory = std::make_shared<MemoryCache>();
  auto options = over(memory);
  options.queue_size = 1;
  options.wait_limit = 0ms;
  options.on_full = OnFull::write_through;
  WritePolicyCache cache(options);
  Gate gate;
  BOOST_REQUIRE(memory->set_value("key", "old", 1h));
  BOOST_TEST(cache.write_behind("busy", "x", 1h, gate.writer()).ok());
  const auto written = cache.write_behind(
      "key", "new", 1h, [](auto...) { return Status(Error(ErrorCode::timeout, "", Outcome::unknown)); });
  BOOST_TEST((written.error().code() == ErrorCode::timeout));
  BOOST_TEST(memory->get("key").miss());
}

BOOST_AUTO_TEST_SUITE_END()
