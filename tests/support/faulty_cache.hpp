#pragma once

#include <cachesite/cache_layer.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
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

  /// Calls that came, failed ones included; a batch is one.
  std::uint64_t calls() const { return calls_; }

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
    if (const auto error = trouble(key, true)) return *error;
    return forward_write(key, value, time_to_live);
  }
  Result<bool> do_add(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override {
    if (const auto error = trouble(key, true)) return *error;
    return forward_add(key, value, time_to_live);
  }
  Result<bool> do_replace(std::string_view key, std::optional<ByteView> value,
                          TimeToLive time_to_live) override {
    if (const auto error = trouble(key, true)) return *error;
    return forward_replace(key, value, time_to_live);
  }
  Result<std::int64_t> do_increment(std::string_view key, std::int64_t by, TimeToLive time_to_live) override {
    if (const auto error = trouble(key, true)) return *error;
    return forward_increment(key, by, time_to_live);
  }
  Result<bool> do_remove(std::string_view key) override {
    if (const auto error = trouble(key)) return *error;
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
    ++calls_;
    forward_read_many(keys, results);
    for (std::size_t index = 0; index < keys.size(); ++index)
      if (const auto error = error_for(keys[index], false)) results[index] = Lookup(*error);
  }
  void do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) override {
    ++calls_;
    for (std::size_t index = 0; index < entries.size(); ++index) {
      const auto error = error_for(entries[index].key, true);
      results[index] =
          error ? Status(*error)
                : forward_write(entries[index].key, entries[index].value, entries[index].time_to_live);
    }
  }
  void do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) override {
    ++calls_;
    for (std::size_t index = 0; index < keys.size(); ++index) {
      const auto error = error_for(keys[index], false);
      results[index] = error ? Result<bool>(*error) : forward_remove(keys[index]);
    }
  }
  Status do_scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) override {
    if (const auto error = trouble({})) return *error;
    return forward_scan(pattern, position, keys);
  }
  Result<std::uint64_t> do_remove_matching(std::string_view pattern) override {
    if (const auto error = trouble({})) return *error;
    return forward_remove_matching(pattern);
  }
  Status do_clear() override {
    if (const auto error = trouble({})) return *error;
    return forward_clear();
  }
  Result<std::uint64_t> do_size() override {
    if (const auto error = trouble({})) return *error;
    return forward_size();
  }

 private:
  void set(std::optional<Error> error, std::string key) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
    key_ = std::move(key);
    only_writes_ = false;
  }
  std::optional<Error> trouble(std::string_view key, bool writes = false) {
    ++calls_;
    return error_for(key, writes);
  }
  std::optional<Error> error_for(std::string_view key, bool writes) const {
    const std::lock_guard lock(mutex_);
    const bool meant = (key_.empty() || key_ == key) && (writes || !only_writes_);
    return meant ? error_ : std::nullopt;
  }

  mutable std::mutex mutex_;
  std::optional<Error> error_;
  std::string key_;
  std::function<void(std::string_view)> before_write_;
  std::atomic<bool> only_writes_{false};
  std::atomic<std::uint64_t> calls_{0};
};

}  // namespace cachesite::test
