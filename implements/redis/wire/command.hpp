#pragma once

#include "redis/wire/reply.hpp"

#include <cachesite/value.hpp>

#include <cstddef>
#include <span>
#include <string_view>

namespace cachesite::redis {

/// One argument, given in two parts so that a prefix and a key need not be joined first.
struct Argument {
  std::string_view head;
  std::string_view tail = {};

  [[nodiscard]] std::size_t size() const noexcept { return head.size() + tail.size(); }
};

struct Command {
  std::span<const Argument> arguments;
  /// Kinds of answer that make sense; an error always does.
  ReplyKinds expected;
  /// Doing it twice is the same as doing it once.
  bool repeatable;
  /// The answer is likely to be large.
  bool large = false;
  /// Whose bytes a large argument is, if any: a request that goes on without its caller shares them.
  const Value* shared = nullptr;
};

}  // namespace cachesite::redis
