#pragma once

#include <cachesite/byte_size.hpp>
#include <cachesite/cache.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace cachesite {

/// What a write behind does when the queue is full.
enum class OnFull : std::uint8_t {
  wait,           ///< waits for room, for `wait_limit` at most; then it is refused with `timeout`
  refuse,         ///< is refused at once
  write_through,  ///< is a write through
};

/// Settings of a WritePolicyCache.
struct WritePolicyCacheOptions {
  /// The cache that is written together with the origin.
  Reference<ICache> over;
  /// Most values that wait to be written behind, those being written included.
  std::uint32_t queue_size = 10'000;
  /// Most bytes of keys and values that wait.
  ByteSize queue_bytes{std::uint64_t{64} * 1024 * 1024};
  OnFull on_full = OnFull::wait;
  /// Longest wait for room in the queue, or for values of the same key that are written first.
  std::chrono::milliseconds wait_limit{5000};
  /// A newer value of a key takes the place of an older one that is not being written yet.
  bool newest_only = true;
  /// How often a write that failed is tried again.
  std::uint32_t retries = 5;
  /// Pause before the first of these attempts; it doubles with each.
  std::chrono::milliseconds retry_pause{100};
  /// The pause grows no longer than this.
  std::chrono::milliseconds longest_retry_pause{10'000};
  /// Threads that write; they are started when the first value is queued.
  std::uint32_t threads = 1;
  /// How long stopping waits for the queue to be written.
  std::chrono::milliseconds flush_within{5000};
  /// Told about each value that is given up, and why, on the thread that gives it up. In code only. An
  /// exception is ignored.
  std::function<void(std::string_view key, std::optional<ByteView> value, const Error& reason)> on_lost;

  static ParameterTable parameters();
};

}  // namespace cachesite
