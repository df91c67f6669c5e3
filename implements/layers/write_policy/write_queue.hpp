#pragma once

#include "basics/condition.hpp"
#include "basics/thread.hpp"

#include <cachesite/i_write_policy_cache.hpp>
#include <cachesite/result.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cachesite::layers {

struct WriteJob {
  std::string key;
  std::optional<std::string> value;
  IWritePolicyCache::Writer writer;
  std::uint64_t number = 0;
  std::uint32_t failures = 0;

  [[nodiscard]] std::size_t bytes() const noexcept { return key.size() + (value ? value->size() : 0); }
  [[nodiscard]] std::optional<ByteView> view() const {
    return value ? std::optional(ByteView(*value)) : std::nullopt;
  }
};

// A writer that throws may do so after the origin has taken the value.
inline Status call_writer(const IWritePolicyCache::Writer& writer, std::string_view key,
                          std::optional<ByteView> value) noexcept {
  try {
    return writer(key, value);
  } catch (...) {
    return thrown_failure(Outcome::unknown);
  }
}

// Values on their way to their origin: values of one key are written in order, those of different keys on
// several threads. Room is reserved first, and used or released later. In a forked child there is no room:
// the threads belong to the parent, which writes the queued values.
class WriteQueue {
 public:
  // `newest` when no newer value of the key waits.
  using OnLost = std::function<void(const WriteJob& job, const Error& reason, bool newest)>;

  WriteQueue(const WritePolicyCacheOptions& options, OnLost on_lost);
  ~WriteQueue();
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  // What its threads keep alive: it may be the last value of a writer that lets go of everything.
  void keep_alive(std::weak_ptr<void> owner) { owner_ = std::move(owner); }

  // Done, `closed`, or `timeout` when there is no room. Throws std::system_error without threads.
  Status reserve(std::size_t bytes, bool wait);
  void give_back(std::size_t bytes) noexcept;
  // False when the queue was stopped meanwhile; the reservation is then gone.
  bool push(WriteJob job);

  // True when no value of the key waits any more.
  bool await_key(const std::string& key, std::chrono::milliseconds limit);
  // How many are left.
  std::uint64_t flush(std::chrono::milliseconds limit);
  void stop(std::chrono::milliseconds limit) noexcept;

  void count_refused() noexcept;
  void count_written_through() noexcept;
  [[nodiscard]] WritePolicyStatistics statistics() const;
  [[nodiscard]] bool inherited() const noexcept { return fork_mark_.forked(); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  using Jobs = std::list<WriteJob>;
  struct Line {
    Jobs jobs;
    bool running = false;
  };
  using Lines = std::unordered_map<std::string, Line>;
  using Ready = std::multimap<Time, std::string>;

  [[nodiscard]] bool fits(std::size_t bytes) const noexcept;
  void start_threads();
  void work();
  void write_one(std::unique_lock<std::mutex>& lock, Ready::node_type place, Jobs& done);
  void give_up(std::unique_lock<std::mutex>& lock, Lines::iterator line);
  void lose(std::unique_lock<std::mutex>& lock, const WriteJob& job, const Error& reason, bool newest);
  void release(const WriteJob& job) noexcept;
  static void forget(std::unique_lock<std::mutex>& lock, Jobs& jobs) noexcept;
  [[nodiscard]] std::chrono::milliseconds pause_after(std::uint32_t failures) const noexcept;

  const std::size_t queue_size_;
  const std::uint64_t queue_bytes_;
  const bool newest_only_;
  const std::uint32_t retries_;
  const std::chrono::milliseconds wait_limit_, retry_pause_, longest_retry_pause_;
  const std::uint32_t thread_count_;
  const OnLost on_lost_;
  std::weak_ptr<void> owner_;

  const basics::ForkMark fork_mark_;
  mutable std::mutex mutex_;
  basics::Condition work_, changed_;
  Lines lines_;
  Ready ready_;  // the lines that wait and when they may go on
  std::set<std::uint64_t> outstanding_;
  std::size_t reserved_ = 0;
  std::uint64_t reserved_bytes_ = 0;
  std::uint64_t last_number_ = 0;
  WritePolicyStatistics statistics_;
  bool closed_ = false;
  bool giving_up_ = false;
  std::vector<basics::Thread> threads_;
};

}  // namespace cachesite::layers
