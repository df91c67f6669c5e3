#pragma once

#include "support/chaos_proxy.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace cachesite::test {

/// The bytes of one direction of one connection on their way through the proxy, and when they may go on.
class ChaosStream {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  enum class Next { nothing, wait, send, cut };

  struct Decision {
    Next next = Next::nothing;
    TimePoint when = {};
    std::string_view bytes = {};
  };

  void push(std::string bytes, const Faults& faults, TimePoint now);
  /// What to do now. The bytes of a `send` stay valid until the next call.
  Decision decide(const Faults& faults, std::uint64_t faults_version, TimePoint now);
  /// `count` bytes of the last decision were sent.
  void sent(std::size_t count, const Faults& faults, TimePoint now);

  bool empty() const { return chunks_.empty(); }
  bool wants_more() const { return queued_ < 262144; }
  /// Nothing more is sent until other faults are set.
  void hold() { held_ = true; }
  bool held() const { return held_; }

 private:
  struct Chunk {
    std::string bytes;
    TimePoint due;
  };

  bool corrupts(const Faults& faults, std::uint64_t offset) const;
  void discard_all();

  std::deque<Chunk> chunks_;
  std::size_t offset_ = 0;
  std::size_t queued_ = 0;
  std::uint64_t moved_ = 0;
  std::uint64_t version_ = 0;
  TimePoint next_send_ = {};
  TimePoint last_due_ = {};
  bool held_ = false;
  char corrupted_ = 0;
  std::minstd_rand random_;
};

}  // namespace cachesite::test
