#pragma once

#include <cachesite/error.hpp>
#include <cachesite/result.hpp>

#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cachesite {

/// How far a scan of keys has come. Made by the cache that is scanned; nobody else looks inside.
struct ScanPosition {
  std::string text;
  bool finished = false;
};

/// The keys of a cache that match a pattern, fetched a batch at a time while the range is walked:
///
///     auto keys = cache->keys("user:*");
///     for (const std::string& key : keys) ...
///     if (const auto failure = keys.error()) ...   // the walk ended early
///
/// A key that is there from the beginning to the end of the walk comes at least once; one that comes or goes
/// meanwhile may or may not come, and a key may come twice (the promise of Redis' SCAN). The range can be
/// walked once, by one thread at a time, and not longer than its cache lives.
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

  /// Fetches the first batch. Throws std::bad_alloc, as walking on does.
  [[nodiscard]] Iterator begin() {
    fill();
    return Iterator(this);
  }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  /// Why the walk ended before its end; empty when it did not.
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

}  // namespace cachesite
