#pragma once

#include <cachesite/cache_base.hpp>
#include <cachesite/detail/key_range.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::test {

/// The simplest cache there is: a map whose entries never end. A test sees every key, and can let every call
/// fail or throw. Scans give two keys at a time.
class MapCache final : public CacheBase {
 public:
  std::map<std::string, std::optional<std::string>, std::less<>> entries;
  std::optional<Error> failure;
  bool throws = false;
  std::size_t asked = 0;           ///< calls made
  std::string last_key;            ///< of the last call on one key
  std::size_t batches = 0;         ///< of those, batches
  CacheStatistics own_statistics;  ///< what `statistics` returns

  [[nodiscard]] CacheStatistics statistics() const override { return own_statistics; }
  [[nodiscard]] bool has(std::string_view key) const { return entries.find(key) != entries.end(); }

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override {
    if (auto error = ask(key)) return *error;
    const auto found = entries.find(key);
    if (found == entries.end()) return Found::miss;
    if (!found->second) return Found::null;
    destination.assign(ByteView(*found->second));
    return Found::hit;
  }
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive) override {
    if (auto error = ask(key)) return *error;
    store(key, value);
    return Done{};
  }
  Result<bool> do_add(std::string_view key, std::optional<ByteView> value, TimeToLive) override {
    if (auto error = ask(key)) return *error;
    if (has(key)) return false;
    store(key, value);
    return true;
  }
  Result<bool> do_replace(std::string_view key, std::optional<ByteView> value, TimeToLive) override {
    if (auto error = ask(key)) return *error;
    if (!has(key)) return false;
    store(key, value);
    return true;
  }
  Result<std::int64_t> do_increment(std::string_view key, std::int64_t by, TimeToLive) override {
    if (auto error = ask(key)) return *error;
    const auto sum = (has(key) ? std::stoll(*entries.find(key)->second) : 0) + by;
    store(key, ByteView(std::to_string(sum)));
    return sum;
  }
  Result<bool> do_remove(std::string_view key) override {
    if (auto error = ask(key)) return *error;
    return entries.erase(std::string(key)) > 0;
  }
  Result<bool> do_contains(std::string_view key) override {
    if (auto error = ask(key)) return *error;
    return has(key);
  }
  Result<Remaining> do_time_to_live(std::string_view key) override {
    if (auto error = ask(key)) return *error;
    return Remaining{has(key) ? Remaining::State::no_expiry : Remaining::State::absent};
  }
  Result<bool> do_expire(std::string_view key, TimeToLive) override {
    if (auto error = ask(key)) return *error;
    return has(key);
  }
  Result<bool> do_persist(std::string_view key) override {
    if (auto error = ask(key)) return *error;
    return has(key);
  }
  void do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) override {
    ++batches;
    CacheBase::do_read_many(keys, results);
  }
  void do_write_many(std::span<const CacheEntry> many, std::span<Status> results) override {
    ++batches;
    CacheBase::do_write_many(many, results);
  }
  void do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) override {
    ++batches;
    CacheBase::do_remove_many(keys, results);
  }
  void do_time_to_live_many(std::span<const std::string_view> keys,
                            std::span<Result<Remaining>> results) override {
    ++batches;
    CacheBase::do_time_to_live_many(keys, results);
  }
  Status do_scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) override {
    if (auto error = ask(pattern)) return *error;
    std::size_t found = 0;
    for (auto entry = entries.upper_bound(position.text); entry != entries.end(); ++entry) {
      if (!matches_key_pattern(pattern, entry->first)) continue;
      keys.push_back(entry->first);
      position.text = entry->first;
      if (++found == 2) return Done{};
    }
    position.finished = true;
    return Done{};
  }
  Result<std::uint64_t> do_size() override {
    if (auto error = ask({})) return *error;
    return entries.size();
  }

 private:
  std::optional<Error> ask(std::string_view key) {
    ++asked;
    last_key = key;
    if (throws) throw std::runtime_error("out of order");
    return failure;
  }
  void store(std::string_view key, const std::optional<ByteView>& value) {
    entries.insert_or_assign(std::string(key),
                             value ? std::optional<std::string>(value->text()) : std::nullopt);
  }
};

/// Calls everything that a cache offers once, on the key "k" (of a batch, "k" and "l") and the pattern "k*",
/// and returns the names of the calls in their order.
inline std::vector<std::string> call_everything(ICache& cache) {
  const auto forever = TimeToLive::never_expires();
  const std::string_view keys[] = {"k", "l"};
  Value value;
  (void)cache.write("k", ByteView("1"), forever);
  (void)cache.read("k", value);
  (void)cache.add("k", ByteView("1"), forever);
  (void)cache.replace("k", ByteView("1"), forever);
  (void)cache.increment("k", 1, forever);
  (void)cache.contains("k");
  (void)cache.time_to_live("k");
  (void)cache.expire("k", forever);
  (void)cache.persist("k");
  (void)cache.get_many(keys);
  std::vector<Result<Remaining>> left(2, Result<Remaining>(Remaining{}));
  cache.time_to_live_many(keys, left);
  (void)cache.set_many({{"k", ByteView("1"), forever}, {"l", ByteView("1"), forever}});
  ScanPosition position;
  std::vector<std::string> found;
  (void)cache.scan("k*", position, found);
  (void)cache.remove_many(keys);
  (void)cache.remove("k");
  (void)cache.remove_matching("k*");
  (void)cache.size();
  (void)cache.clear();
  return {"write",
          "read",
          "add",
          "replace",
          "increment",
          "contains",
          "time_to_live",
          "expire",
          "persist",
          "get_many",
          "time_to_live_many",
          "set_many",
          "scan",
          "remove_many",
          "remove",
          "remove_matching",
          "size",
          "clear"};
}

}  // namespace cachesite::test
