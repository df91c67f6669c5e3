#include "unit/memory/test_engine.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

using namespace cachesite;
using cachesite::test::engine_options;

namespace {

// A clock at which one thread can be stopped: removals ask the time while they hold a lock.
class StoppingClock final : public IClock {
 public:
  TimePoint now() const noexcept override {
    if (stops_here) {
      std::unique_lock lock(mutex_);
      stopped_ = true;
      change_.notify_all();
      change_.wait(lock, [this] { return released_; });
    }
    return TimePoint(std::chrono::seconds(1));
  }
  void await_stop() {
    std::unique_lock lock(mutex_);
    change_.wait(lock, [this] { return stopped_; });
  }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    change_.notify_all();
  }

  static thread_local bool stops_here;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable change_;
  mutable bool stopped_ = false;
  bool released_ = false;
};

thread_local bool StoppingClock::stops_here = false;

std::string read_from(memory::Engine& engine, std::string_view key) {
  Value value;
  return engine.read(key, value) == Found::hit ? std::string(value.text()) : "(miss)";
}

// What a child finds wrong with the cache it inherited; 0 when nothing.
int use_inherited(memory::Engine& engine) {
  if (engine.write("held", ByteView("new"), 60'000) != memory::WriteOutcome::stored) return 1;
  if (read_from(engine, "held") != "new") return 2;
  for (int i = 0; i < 5000; ++i) {
    const std::string text = std::to_string(i);
    if (engine.write(text, ByteView(text), 60'000) != memory::WriteOutcome::stored) return 3;
    if (read_from(engine, text) != text) return 4;
  }
  if (!engine.remove("held")) return 5;
  return engine.check().empty() ? 0 : 6;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(forked_process)

BOOST_AUTO_TEST_CASE(a_child_uses_the_cache_though_a_thread_of_its_parent_held_a_lock) {
  for (int round = 0; round < 8; ++round) {
    const auto clock = std::make_shared<StoppingClock>();
    auto options = engine_options(test::all_policies[round % 4], 10'000);
    options.clock = clock;
    // Locked pages do not become zeros when the child gives them back.
    if (round >= 4) options.pages = std::make_shared<test::LockedPages>();
    memory::Engine engine(std::move(options));
    for (int i = 0; i < 3000; ++i)
      engine.write("key" + std::to_string(i), ByteView(std::string(100, 'v')), 60'000);
    engine.write("held", ByteView("old"), 60'000);
    std::thread holder([&] {
      StoppingClock::stops_here = true;
      engine.remove("held");
    });
    clock->await_stop();
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(60);
      ::_exit(use_inherited(engine));
    }
    BOOST_REQUIRE(child > 0);
    int status = 0;
    BOOST_TEST(::waitpid(child, &status, 0) == child);
    BOOST_TEST(WIFEXITED(status));
    BOOST_TEST(WEXITSTATUS(status) == 0);
    clock->release();
    holder.join();
    // The parent notices nothing.
    BOOST_TEST(read_from(engine, "held") == "(miss)");
    BOOST_TEST(engine.statistics().entries == 3000U);
    BOOST_TEST(engine.check() == "");
  }
}

BOOST_AUTO_TEST_CASE(a_child_keeps_what_the_cache_held_when_nobody_was_changing_it) {
  for (const auto policy : test::all_policies) {
    memory::Engine engine(engine_options(policy, 10'000));
    engine.write("key", ByteView("value"), 60'000);
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(60);
      ::_exit(read_from(engine, "key") == "value" ? use_inherited(engine) : 7);
    }
    BOOST_REQUIRE(child > 0);
    int status = 0;
    BOOST_TEST(::waitpid(child, &status, 0) == child);
    BOOST_TEST(WIFEXITED(status));
    BOOST_TEST(WEXITSTATUS(status) == 0);
    BOOST_TEST(engine.statistics().entries == 1U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
