#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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

  // False when there would be more than `most` keys and patterns.
  bool add_key(std::string_view key, std::size_t most);
  bool add_pattern(std::string_view pattern, std::size_t most);
  void add_clear() { clear_ = ++last_; }
  // Asks for the key once more, if it is there.
  bool renew_key(std::string_view key);

  [[nodiscard]] bool owes(std::string_view key) const;
  [[nodiscard]] bool empty() const noexcept { return !clear_ && patterns_.empty() && keys_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return patterns_.size() + keys_.size(); }

  // What weighs most: everything, else a pattern, else keys, `most_keys` of them.
  [[nodiscard]] Part next(std::size_t most_keys) const;
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
  using Numbers = std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>>;

  std::uint64_t last_ = 0;  // each request has a number
  std::optional<std::uint64_t> clear_;
  Numbers patterns_;
  Numbers keys_;
};

}  // namespace cachesite::layers
