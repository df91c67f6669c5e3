#pragma once

#include <cachesite/cache_layer.hpp>

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

namespace cachesite::test {

/// A cache whose calls fail as a test tells it to, and which calls the test back at chosen points. Safe from
/// any thread.
class FaultyCache final : public CacheLayer {
 public:
  explicit FaultyCache(std::shared_ptr<ICache> below) : CacheLayer(std::move(below)) {}

  /// Every call fails with this, until `work()`.
  void fail(const Error& error) { set(error, {}); }
  /// Calls for this key fail, others work.
  void fail_for(std::string key, const Error& error) { set(error, std::move(key)); }
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
  /// The call after so many others fails, and no other.
  void fail_once_after(std::uint64_t calls, const Error& error) {
    set(error, {});
    failing_call_ = calls_ + calls + 1;
  }
  /// Every call takes so much longer.
  void take(std::chrono::microseconds length) { length_ = length; }

  /// Calls that came, failed ones included; a batch is one.
  std::uint64_t calls() const { return calls_; }
  /// Those of the calling thread, to all such caches.
  static std::uint64_t& calls_of_thread() {
    thread_local std::uint64_t calls = 0;
    return calls;
  }

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override {
    if (const auto error = trouble(key)) return *error;
    return forward_read(key, destination);
  }
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override {
    std::function<void(std::string_view)> hook;
    {
      const std::lock_guard lock(mutex_);
      hook = before_write_;
    }
    if (hook) hook(key);
    if (const auto error = trouble(key, Kind::write)) return *error;
    return forward_write(key, value, time_to_live);
  }
  Result<bool> do_add(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override {
    if (const auto error = trouble(key, Kind::write)) return *error;
    return forward_add(key, value, time_to_live);
  }
  Result<bool> do_replace(std::string_view key, std::optional<ByteView> value,
                          TimeToLive time_to_live) override {
    if (const auto error = trouble(key, Kind::write)) return *error;
    return forward_replace(key, value, time_to_live);
  }
  Result<std::int64_t> do_increment(std::string_view key, std::int64_t by, TimeToLive time_to_live) override {
    if (const auto error = trouble(key, Kind::write)) return *error;
    return forward_increment(key, by, time_to_live);
  }
  Result<bool> do_remove(std::string_view key) override {
    if (const auto error = trouble(key, Kind::removal)) return *error;
    return forward_remove(key);
  }
  Result<bool> do_contains(std::string_view key) override {
    if (const auto error = trouble(key)) return *error;
    return forward_contains(key);
  }
  Result<Remaining> do_time_to_live(std::string_view key) override {
    if (const auto error = trouble(key)) return *error;
    return forward_time_to_live(key);
  }
  Result<bool> do_expire(std::string_view key, TimeToLive time_to_live) override {
    if (const auto error = trouble(key)) return *error;
    return forward_expire(key, time_to_live);
  }
  Result<bool> do_persist(std::string_view key) override {
    if (const auto error = trouble(key)) return *error;
    return forward_persist(key);
  }
  void do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) override {
    begin();
    forward_read_many(keys, results);
    for (std::size_t index = 0; index < keys.size(); ++index)
      if (const auto error = error_for(keys[index], Kind::other)) results[index] = Lookup(*error);
  }
  void do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) override {
    begin();
    for (std::size_t index = 0; index < entries.size(); ++index) {
      const auto error = error_for(entries[index].key, Kind::write);
      results[index] =
          error ? Status(*error)
                : forward_write(entries[index].key, entries[index].value, entries[index].time_to_live);
    }
  }
  void do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) override {
    begin();
    for (std::size_t index = 0; index < keys.size(); ++index) {
      const auto error = error_for(keys[index], Kind::removal);
      results[index] = error ? Result<bool>(*error) : forward_remove(keys[index]);
    }
  }
  void do_time_to_live_many(std::span<const std::string_view> keys,
                            std::span<Result<Remaining>> results) override {
    begin();
    for (std::size_t index = 0; index < keys.size(); ++index) {
      const auto error = error_for(keys[index], Kind::other);
      results[index] = error ? Result<Remaining>(*error) : forward_time_to_live(keys[index]);
    }
  }
  Status do_scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) override {
    if (const auto error = trouble({})) return *error;
    return forward_scan(pattern, position, keys);
  }
  Result<std::uint64_t> do_remove_matching(std::string_view pattern) override {
    if (const auto error = trouble({}, Kind::removal)) return *error;
    return forward_remove_matching(pattern);
  }
  Status do_clear() override {
    if (const auto error = trouble({}, Kind::removal)) return *error;
    return forward_clear();
  }
  Result<std::uint64_t> do_size() override {
    if (const auto error = trouble({})) return *error;
    return forward_size();
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
  std::optional<Error> trouble(std::string_view key, Kind kind = Kind::other) {
    begin();
    return error_for(key, kind);
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

}  // namespace cachesite::test
