#pragma once

#include <cachesite/component.hpp>
#include <cachesite/mutex.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace cachesite {

/// Hands out mutexes by name.
class IMutexSite : public Interface<IMutexSite, "IMutexSite"> {
 public:
  static constexpr std::size_t longest_name = 1024;

  /// The mutex of that name (any bytes, 1 to 1024 of them), which comes into being by being asked for. The
  /// pointer is null only when the site is set to `require_connection` and its server cannot be reached at
  /// the moment. Throws std::invalid_argument for a name that is empty or too long, and std::bad_alloc.
  [[nodiscard]] virtual std::shared_ptr<IMutex> get_mutex(std::string_view name) = 0;

  /// The same mutex for programs whose functions call each other: a thread that has it exclusively may take
  /// it again, and has it until it has given it back as often. Other threads, processes and users of
  /// `get_mutex` see no difference.
  [[nodiscard]] virtual std::shared_ptr<IMutex> get_reentrant_mutex(std::string_view name) = 0;
};

}  // namespace cachesite
