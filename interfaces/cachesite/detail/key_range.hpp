#pragma once

#include <cachesite/error.hpp>
#include <cachesite/result.hpp>

#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

/// The position of a scan of keys. Only the scanned cache uses its members.
struct ScanPosition {
  std::string text;
  bool finished = false;
};

/// The keys of a cache that match a pattern, fetched a batch at a time during the iteration:
///
///     auto keys = cache->keys("user:*");
///     for (const std::string& key : keys) ...
///     if (const auto failure = keys.error()) ...   // the walk ended early
///
/// A key that exists throughout the iteration is returned at least once; a key that is added or removed
/// meanwhile may be returned or not, and a key may be returned twice (as with SCAN of Redis). The range can
/// be iterated once, by one thread at a time, while its cache exists.
class KeyRange {
 public:
  using Fetch = std::function<Status(ScanPosition& position, std::vector<std::string>& keys)>;

  /// Made by `ICache::keys`.
  explicit KeyRange(Fetch fetch) : fetch_(std::move(fetch)) {}

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::string;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string*;
    using reference = const std::string&;

    explicit Iterator(KeyRange* range) noexcept : range_(range) {}
    [[nodiscard]] reference operator*() const noexcept { return range_->batch_[range_->next_]; }
    [[nodiscard]] pointer operator->() const noexcept { return &**this; }
    Iterator& operator++() {
      ++range_->next_;
      range_->fill();
      return *this;
    }
    void operator++(int) { ++*this; }
    [[nodiscard]] bool operator==(std::default_sentinel_t) const noexcept {
      return range_->next_ >= range_->batch_.size();
    }

   private:
    KeyRange* range_;
  };

  /// Fetches the first batch. Throws std::bad_alloc, as incrementing does.
  [[nodiscard]] Iterator begin() {
    fill();
    return Iterator(this);
  }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  /// Why the iteration ended early; empty when it did not.
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

 private:
  void fill() {
    while (next_ >= batch_.size() && !position_.finished && !error_) {
      batch_.clear();
      next_ = 0;
      if (const auto fetched = fetch_(position_, batch_); !fetched.ok()) error_ = fetched.error();
    }
  }

  Fetch fetch_;
  ScanPosition position_;
  std::vector<std::string> batch_;
  std::size_t next_ = 0;
  std::optional<Error> error_;
};

namespace detail {

/// One element of a pattern against one byte: how many bytes of the pattern it takes, 0 for no match.
/// Precondition: the pattern is not empty.
[[nodiscard]] constexpr std::size_t match_pattern_element(std::string_view pattern, char byte) noexcept {
  const auto value = static_cast<unsigned char>(byte);
  if (pattern[0] == '?') return 1;
  if (pattern[0] == '\\' && pattern.size() > 1) return pattern[1] == byte ? 2 : 0;
  if (pattern[0] != '[') return pattern[0] == byte ? 1 : 0;
  std::size_t at = 1;
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool matched = false;
  while (at < pattern.size() && pattern[at] != ']') {
    const bool escaped = pattern[at] == '\\' && at + 1 < pattern.size();
    if (escaped) ++at;
    auto first = static_cast<unsigned char>(pattern[at]);
    auto last = first;
    if (!escaped && at + 2 < pattern.size() && pattern[at + 1] == '-') {
      at += 2;
      last = static_cast<unsigned char>(pattern[at]);
      if (last < first) {
        const auto smaller = last;
        last = first;
        first = smaller;
      }
    }
    if (first <= value && value <= last) matched = true;
    ++at;
  }
  if (at < pattern.size()) ++at;
  return matched != negated ? at : 0;
}

}  // namespace detail

/// True when the whole `key` matches a pattern, with the syntax of Redis: `*` is any number of bytes, `?` one
/// byte, `[abc]`, `[a-z]` and `[^a]` one byte of a set, and a backslash makes the next byte literal. A set
/// without its end extends to the end of the pattern. In a set, an escaped byte begins no range, and the end
/// of a range is literal, even `]` or a backslash. Takes at most time proportional to the product of the
/// lengths.
[[nodiscard]] constexpr bool matches_key_pattern(std::string_view pattern, std::string_view key) noexcept {
  constexpr auto none = std::string_view::npos;
  std::size_t in_pattern = 0;
  std::size_t in_key = 0;
  std::size_t after_star = none;
  std::size_t star_key = 0;
  while (in_key < key.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      after_star = ++in_pattern;
      star_key = in_key;
      continue;
    }
    const auto taken = in_pattern < pattern.size()
                           ? detail::match_pattern_element(pattern.substr(in_pattern), key[in_key])
                           : 0;
    if (taken > 0) {
      in_pattern += taken;
      ++in_key;
      continue;
    }
    if (after_star == none) return false;
    in_pattern = after_star;
    in_key = ++star_key;
  }
  while (in_pattern < pattern.size() && pattern[in_pattern] == '*')
    ++in_pattern;
  return in_pattern == pattern.size();
}

/// The pattern that matches only `text`: a backslash before each special byte. Throws std::bad_alloc.
[[nodiscard]] inline std::string escape_key_pattern(std::string_view text) {
  std::string pattern;
  pattern.reserve(text.size());
  for (const char byte : text) {
    if (byte == '*' || byte == '?' || byte == '[' || byte == ']' || byte == '\\' || byte == '^' ||
        byte == '-')
      pattern.push_back('\\');
    pattern.push_back(byte);
  }
  return pattern;
}

}  // namespace cachesite
