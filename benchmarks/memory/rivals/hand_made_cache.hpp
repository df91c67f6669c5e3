#pragma once

#include <chrono>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace cachesite::bench {

// What a program writes for itself: one mutex, a hash map into a list in the order of use.
class HandMadeCache {
 public:
  explicit HandMadeCache(std::size_t capacity) : capacity_(capacity) {}

  bool get(std::string_view key, std::string& value) {
    const std::lock_guard guard(mutex_);
    const auto found = places_.find(key);
    if (found == places_.end()) return false;
    const auto entry = found->second;
    if (entry->end <= Clock::now()) {
      places_.erase(found);
      entries_.erase(entry);
      return false;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    value = entry->value;
    return true;
  }

  void set(std::string_view key, std::string_view value, std::chrono::seconds time_to_live) {
    const auto end = Clock::now() + time_to_live;
    const std::lock_guard guard(mutex_);
    const auto found = places_.find(key);
    if (found != places_.end()) {
      found->second->value = value;
      found->second->end = end;
      entries_.splice(entries_.begin(), entries_, found->second);
      return;
    }
    if (entries_.size() >= capacity_) {
      places_.erase(entries_.back().key);
      entries_.pop_back();
    }
    entries_.push_front({std::string(key), std::string(value), end});
    places_.emplace(entries_.front().key, entries_.begin());
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    std::string key;
    std::string value;
    Clock::time_point end;
  };

  const std::size_t capacity_;
  std::mutex mutex_;
  std::list<Entry> entries_;
  std::unordered_map<std::string_view, std::list<Entry>::iterator> places_;
};

}  // namespace cachesite::bench
