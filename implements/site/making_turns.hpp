#pragma once

#include "basics/per_process_mutex.hpp"

#include <cachesite/problem.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <thread>
#include <vector>

namespace cachesite::site {

// Which thread makes which lazy component, while others ask for it. States of an item, and what leads from
// one to the next:
//
//   absent      nobody makes it; the first make_once() turns to "being made", and its caller makes it
//   being made  by one thread; turns to "made" when that succeeds, and to "absent" when it throws
//   made        for good
//
// Who asks for an item that is being made waits, and then has the same end as the thread that makes it: the
// component, or its failure. Nobody waits when that would be for ever, because the other thread waits for the
// caller. No thread waits for an item that it does not ask for, and nothing is held while a component is
// made. In a forked child, items that threads of the parent make are absent.
class MakingTurns {
 public:
  explicit MakingTurns(std::size_t items) : made_(items), makings_(items) {}

  // Has the item made, by `make()` or by the thread that makes it; throws what that throws. False when the item
  // asks for itself.
  template <class Make>
  bool make_once(std::size_t item, const Make& make) {
    const auto turn = enter(item);
    if (turn != Turn::make) return turn == Turn::made;
    try {
      make();
    } catch (...) {
      leave(item, std::current_exception());
      throw;
    }
    leave(item, nullptr);
    return true;
  }

  // What a thread makes is continued by the calling thread, for which the other one waits meanwhile.
  void take_over(std::size_t item);
  void give_back(std::size_t item);

 private:
  enum class Turn { make, made, circle };
  Turn enter(std::size_t item);
  void leave(std::size_t item, const std::exception_ptr& failure) noexcept;

  // Who waits gets a LoadError of his own: a program may change what it catches.
  struct Failure {
    std::shared_ptr<const LoadError> error = nullptr;
    std::exception_ptr other = nullptr;  // not a LoadError, or there is no memory to copy it
    void throw_if_any() const;
  };

  struct Making {
    std::thread::id thread;
    std::thread::id giver = {};
    bool over = false;
    Failure failure = {};
  };

  static Failure failure_of(const std::exception_ptr& thrown) noexcept;
  void forget_what_the_parent_makes();
  [[nodiscard]] bool waits_for_this_thread(const Making& making) const;

  basics::PerProcessMutex mutex_;
  basics::PerProcess<std::condition_variable_any> changed_;
  std::uint32_t process_ = basics::process_number();
  std::vector<bool> made_;                          // by item
  std::vector<std::shared_ptr<Making>> makings_;    // by item; null when it is not being made
  std::map<std::thread::id, const Making*> waits_;  // what each waiting thread waits for
};

}  // namespace cachesite::site
