#pragma once

#include <cachesite/cache_layer.hpp>
#include <cachesite/detail/batch_part.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace cachesite::testing {

/// A cache whose calls fail on request of a test, and otherwise reach the cache below. Safe from any thread.
///
///     auto cache = std::make_shared<FaultyCache>(std::make_shared<MemoryCache>(MemoryCacheOptions()));
///     cache->fail(Error(ErrorCode::unreachable, "the server is away"));
class FaultyCache final : public CacheLayer {
 public:
  /// Works until a call below makes it fail. Throws std::invalid_argument when `below` is null.
  explicit FaultyCache(std::shared_ptr<ICache> below) : CacheLayer(std::move(below)) {}

  /// Every call fails with this, until `work()`.
  void fail(const Error& error) { set(error, {}); }
  /// Calls for this key fail, others work.
  void fail_for(std::string key, const Error& error) { set(error, std::move(key)); }
  /// Calls reach the cache below again.
  void work() { set(std::nullopt, {}); }
  /// Called at the beginning of every write, before it takes effect.
  void before_write(std::function<void(std::string_view key)> hook) {
    const std::lock_guard lock(mutex_);
    before_write_ = std::move(hook);
  }
  /// Only writes fail.
  void fail_writes(const Error& error) {
    set(error, {});
    only_writes_ = true;
  }

  /// Only removals fail: of keys, of patterns and of everything.
  void fail_removals(const Error& error) {
    set(error, {});
    only_removals_ = true;
  }
  /// Only the call after `calls` others fails.
  void fail_once_after(std::uint64_t calls, const Error& error) {
    set(error, {});
    failing_call_ = calls_ + calls + 1;
  }
  /// Every call takes `length` longer.
  void take(std::chrono::microseconds length) { length_ = length; }

  /// Number of calls, including failed ones; a batch is one call.
  [[nodiscard]] std::uint64_t calls() const { return calls_; }
  /// Calls of the calling thread, to all FaultyCaches.
  static std::uint64_t& calls_of_thread() {
    thread_local std::uint64_t calls = 0;
    return calls;
  }

 protected:
  void do_begin(CacheRequest& request) override {
    if (request.operation == CacheOperation::write) call_hook(request.key);
    begin();
    if (request.is_batch()) return begin_batch(request);
    const auto key = request.subject() == cachesite::CacheSubject::key ? request.key : std::string_view();
    if (const auto error = error_for(key, kind_of(request))) return request.fail(*error);
    forward(request);
  }

 private:
  enum class Kind : std::uint8_t { write, removal, other };

  void set(std::optional<Error> error, std::string key) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
    key_ = std::move(key);
    only_writes_ = false;
    only_removals_ = false;
    failing_call_ = 0;
  }
  void begin() {
    ++calls_;
    ++calls_of_thread();
    if (const auto length = length_.load(); length.count() > 0) std::this_thread::sleep_for(length);
  }
  void call_hook(std::string_view key) {
    std::function<void(std::string_view)> hook;
    {
      const std::lock_guard lock(mutex_);
      hook = before_write_;
    }
    if (hook) hook(key);
  }
  // The items that fail do not reach the cache below.
  void begin_batch(CacheRequest& batch) {
    const auto kind = kind_of(batch);
    cachesite::detail::pass_accepted(
        batch, [&](std::size_t item) { return error_for(batch.key_of(item), kind); },
        [&](CacheRequest& rest) { forward(rest); });
  }
  static Kind kind_of(const CacheRequest& request) {
    if (request.effect() == CacheEffect::remove) return Kind::removal;
    const bool stores = request.effect() == CacheEffect::store || request.effect() == CacheEffect::count;
    return stores ? Kind::write : Kind::other;
  }
  std::optional<Error> error_for(std::string_view key, Kind kind) const {
    const std::lock_guard lock(mutex_);
    const bool meant = (key_.empty() || key_ == key) && (kind == Kind::write || !only_writes_) &&
                       (kind == Kind::removal || !only_removals_) &&
                       (failing_call_ == 0 || failing_call_ == calls_);
    return meant ? error_ : std::nullopt;
  }

  mutable std::mutex mutex_;
  std::optional<Error> error_;
  std::string key_;
  std::function<void(std::string_view)> before_write_;
  std::atomic<bool> only_writes_{false};
  std::atomic<bool> only_removals_{false};
  std::atomic<std::uint64_t> failing_call_{0};
  std::atomic<std::chrono::microseconds> length_{std::chrono::microseconds(0)};
  std::atomic<std::uint64_t> calls_{0};
};

}  // namespace cachesite::testing
