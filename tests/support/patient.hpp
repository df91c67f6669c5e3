#pragma once

#include <chrono>

namespace cachesite::test {

/// Options of a component that works with Redis, with time enough for a busy machine.
template <class Options>
Options patient(Options options = {}) {
  options.socket_timeout = std::chrono::seconds(5);
  options.socket_connect_timeout = std::chrono::seconds(5);
  return options;
}

}  // namespace cachesite::test
