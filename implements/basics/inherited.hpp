#pragma once

#include "basics/fork_mark.hpp"

#include <cachesite/error.hpp>

#include <memory>
#include <string>
#include <utility>

namespace cachesite::basics {

/// What calls answer in a forked child that need what belongs to its parent.
[[nodiscard]] inline Error forked_error() {
  return Error(ErrorCode::closed, "the process was forked; create the component again in the child");
}

/// Leaves a thing as it is, for ever. Leak checkers find it.
void leave_alone(const void* thing) noexcept;

/// A shared object that only the process that made it destroys. In a forked child the last owner leaves it as
/// it is.
template <class T, class... Arguments>
[[nodiscard]] std::shared_ptr<T> make_process_bound(Arguments&&... arguments) {
  return std::shared_ptr<T>(new T(std::forward<Arguments>(arguments)...), [mark = ForkMark()](T* thing) {
    if (mark.forked())
      leave_alone(thing);
    else
      delete thing;
  });
}

}  // namespace cachesite::basics
