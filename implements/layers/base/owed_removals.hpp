#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cachesite::layers {

// What has to be removed from a cache before it is read again: keys, all keys that match patterns, or
// everything. What is asked for once more while it is being removed is owed once more.
class OwedRemovals {
 public:
  // Some of it, to be removed in one go.
  struct Part {
    std::optional<std::uint64_t> clear;
    std::optional<std::pair<std::string, std::uint64_t>> pattern;
    std::vector<std::pair<std::string, std::uint64_t>> keys;
    [[nodiscard]] bool empty() const noexcept { return !clear && !pattern && keys.empty(); }
  };

  static constexpr std::size_t bytes_beside_key = 64;

  // False when there would be more than `most` keys and patterns, or more than `most_bytes` of them.
  bool add_key(std::string_view key, std::size_t most,
               std::size_t most_bytes = std::numeric_limits<std::size_t>::max());
  bool add_pattern(std::string_view pattern, std::size_t most);
  void add_clear() { clear_ = ++last_; }
  // Asks for the key once more, if it is there.
  bool renew_key(std::string_view key);

  [[nodiscard]] bool owes(std::string_view key) const;
  [[nodiscard]] bool empty() const noexcept { return !clear_ && patterns_.empty() && keys_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return patterns_.size() + keys_.size(); }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  // Any time, and none.
  using Ticks = std::int64_t;
  static constexpr Ticks never = std::numeric_limits<Ticks>::max();
  // What weighs most: everything, else a pattern, else keys, `most_keys` of those that are due by then.
  [[nodiscard]] Part next(std::size_t most_keys, Ticks now = never) const;
  // When the next of the keys is due.
  [[nodiscard]] Ticks next_due() const noexcept;
  // The key could not be removed: `due_after(failures)` says when it is due again.
  template <class DueAfter>
  void back_off(std::string_view key, DueAfter due_after) {
    const auto found = keys_.find(key);
    if (found != keys_.end()) found->second.due = due_after(++found->second.failures);
  }
  // Those of the keys that are owed.
  [[nodiscard]] Part of(std::span<const std::string_view> keys) const;
  // The part was removed.
  void settle(const Part& part);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  struct Owed {
    std::uint64_t number = 0;
    std::uint32_t failures = 0;
    Ticks due = 0;
  };
  template <class Value>
  using ByText = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

  std::uint64_t last_ = 0;  // each request has a number
  std::optional<std::uint64_t> clear_;
  ByText<std::uint64_t> patterns_;
  ByText<Owed> keys_;
  std::size_t bytes_ = 0;  // of the keys
};

}  // namespace cachesite::layers
