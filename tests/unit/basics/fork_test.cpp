#include "basics/background_thread.hpp"
#include "basics/condition.hpp"
#include "basics/inherited.hpp"
#include "basics/per_process_mutex.hpp"
#include "basics/read_epochs.hpp"
#include "basics/stop_signal.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace cachesite::basics;
using namespace std::chrono_literals;

namespace {

// Whether `work` is true in a forked child that does not take longer than 3 s.
template <class Work>
bool in_child(const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    ::_exit(work() ? 0 : 1);
  }
  int status = -1;
  return ::waitpid(child, &status, 0) == child && status == 0;
}

// Of one that the parent has.
void take_the_place_of_a_thread() {
#ifndef __SANITIZE_THREAD__  // it allows no thread in the child of a process with threads
  Thread([] {}).join();
#endif
}

// A thread that holds a lock until told to go.
template <class Mutex>
class Holder {
 public:
  explicit Holder(Mutex& mutex) {
    thread_ = background_thread([this, &mutex] {
      const std::lock_guard lock(mutex);
      holds_ = true;
      holds_.notify_all();
      over_.wait(false);
    });
    holds_.wait(false);
  }
  ~Holder() {
    over_ = true;
    over_.notify_all();
    thread_.join();
  }

 private:
  std::atomic<bool> holds_{false}, over_{false};
  Thread thread_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(forked_child)

BOOST_AUTO_TEST_CASE(each_process_has_a_number_of_its_own) {
  const auto number = process_number();
  BOOST_TEST(number != 0U);
  BOOST_TEST(process_number() == number);
  const ForkMark mark;
  BOOST_TEST(!mark.forked());
  BOOST_TEST(in_child([&] {
    const auto of_child = process_number();
    const ForkMark mark_of_child;
    return of_child != number && mark.forked() && !mark_of_child.forked() && in_child([&] {
             return process_number() != number && process_number() != of_child && mark.forked() &&
                    mark_of_child.forked();
           });
  }));
  BOOST_TEST(process_number() == number);
}

BOOST_AUTO_TEST_CASE(a_condition_that_a_thread_of_the_parent_waits_for_is_left_alone) {
  std::mutex mutex;
  std::optional<Condition> condition;
  std::optional<AnyCondition> other;
  condition.emplace();
  other.emplace();
  bool over = false;
  std::atomic<int> waiting{0};
  const auto wait_for = [&](auto& each) {
    return background_thread([&] {
      std::unique_lock lock(mutex);
      waiting.fetch_add(1);
      each.wait(lock, [&] { return over; });
    });
  };
  Thread first = wait_for(*condition);
  Thread second = wait_for(*other);
  for (bool both = false; !both;) {
    const std::lock_guard lock(mutex);  // free only when who counted itself waits
    both = waiting == 2;
  }
  BOOST_TEST(in_child([&] {
    condition->notify_all();
    other->notify_one();
    condition.reset();
    other.reset();
    return true;
  }));
  {
    const std::lock_guard lock(mutex);
    over = true;
  }
  condition->notify_all();
  other->notify_all();
  first.join();
  second.join();
}

BOOST_AUTO_TEST_CASE(a_thread_of_the_parent_is_neither_joined_nor_detached) {
  std::mutex mutex;
  mutex.lock();
  std::atomic<bool> runs{false};
  auto thread = std::make_optional(background_thread([&] {
    runs = true;
    runs.notify_all();
    const std::lock_guard lock(mutex);
  }));
  // One that only begins may hold locks of a sanitizer, which the child would wait for.
  runs.wait(false);
  BOOST_TEST(thread->joinable());
  BOOST_TEST(in_child([&] {
    take_the_place_of_a_thread();
    const bool none = !thread->joinable();
    thread->join();
    thread->detach();
    *thread = Thread();
    thread.reset();
    return none;
  }));
  BOOST_TEST(in_child([&] {
    thread.reset();
    return true;
  }));
  mutex.unlock();
  thread->join();
  BOOST_TEST(!thread->joinable());
}

BOOST_AUTO_TEST_CASE(a_mutex_that_a_thread_of_the_parent_holds_is_free) {
  PerProcessMutex mutex;
  PerProcessSharedMutex shared;
  PerProcessRecursiveMutex recursive;
  const Holder holder(mutex);
  const Holder holder_of_shared(shared);
  const Holder holder_of_recursive(recursive);
  BOOST_TEST(!mutex.try_lock());
  BOOST_TEST(in_child([&] {
    mutex.lock();
    const bool taken = !in_child([&] { return !mutex.try_lock(); });  // and again in a grandchild
    mutex.unlock();
    shared.lock_shared();
    shared.unlock_shared();
    recursive.lock();
    recursive.lock();
    return taken && mutex.try_lock();
  }));
  BOOST_TEST(!mutex.try_lock());
}

BOOST_AUTO_TEST_CASE(a_thing_of_each_process_is_made_anew) {
  PerProcess<std::vector<int>> numbers;
  numbers->push_back(1);
  BOOST_TEST(numbers.find() == &numbers.get());
  BOOST_TEST(in_child([&] {
    const bool none = numbers.find() == nullptr;
    const bool empty = numbers->empty();
    numbers->push_back(2);
    return none && empty && numbers->size() == 1 && numbers.find() != nullptr;
  }));
  BOOST_TEST(numbers->size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_process_bound_object_goes_in_its_own_process_only) {
  struct Counted {
    explicit Counted(int& count) : count_(count) {}
    ~Counted() { ++count_; }
    int& count_;
  };
  int gone = 0;
  auto counted = make_process_bound<Counted>(gone);
  BOOST_TEST(in_child([&] {
    counted.reset();
    auto own = make_process_bound<Counted>(gone);
    const bool left = gone == 0;
    own.reset();
    return left && gone == 1;
  }));
  counted.reset();
  BOOST_TEST(gone == 1);
}

BOOST_AUTO_TEST_CASE(a_signal_to_stop_that_it_raises_does_not_reach_the_parent) {
  StopSignal signal;
  const auto raised = [&] {
    pollfd poll{signal.descriptor(), POLLIN, 0};
    return ::poll(&poll, 1, 0) == 1;
  };
  BOOST_TEST(in_child([&] {
    signal.raise();
    StopSignal own;
    own.raise();
    pollfd poll{own.descriptor(), POLLIN, 0};
    return ::poll(&poll, 1, 0) == 1;
  }));
  BOOST_TEST(!raised());
  signal.raise();
  BOOST_TEST(raised());
}

BOOST_AUTO_TEST_CASE(readers_of_the_parent_are_not_waited_for) {
  ReadEpochs epochs;
  BOOST_TEST(epochs.wait_for_readers());
  const ReadEpochs::Reader reader(epochs, 0);
  BOOST_TEST(in_child([&] { return !epochs.wait_for_readers(); }));
}

BOOST_AUTO_TEST_SUITE_END()
