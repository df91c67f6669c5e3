#pragma once

#include "basics/fork_mark.hpp"

#include <condition_variable>
#include <utility>

namespace cachesite::basics {

/// A condition variable of the standard library that a forked child neither signals nor destroys: there both
/// would wait for threads of the parent.
template <class Variable>
class BasicCondition {
 public:
  BasicCondition() : variable_() {}
  BasicCondition(const BasicCondition&) = delete;
  BasicCondition& operator=(const BasicCondition&) = delete;
  ~BasicCondition() {
    if (!mark_.forked()) variable_.~Variable();
  }

  void notify_one() noexcept {
    if (!mark_.forked()) variable_.notify_one();
  }
  void notify_all() noexcept {
    if (!mark_.forked()) variable_.notify_all();
  }
  template <class... Arguments>
  decltype(auto) wait(Arguments&&... arguments) {
    return variable_.wait(std::forward<Arguments>(arguments)...);
  }
  template <class... Arguments>
  decltype(auto) wait_for(Arguments&&... arguments) {
    return variable_.wait_for(std::forward<Arguments>(arguments)...);
  }
  template <class... Arguments>
  decltype(auto) wait_until(Arguments&&... arguments) {
    return variable_.wait_until(std::forward<Arguments>(arguments)...);
  }

 private:
  ForkMark mark_;
  union {
    Variable variable_;
  };
};

using Condition = BasicCondition<std::condition_variable>;
using AnyCondition = BasicCondition<std::condition_variable_any>;

}  // namespace cachesite::basics
