#pragma once

#include <cachesite/rate_limiter.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::rate_limits {

/// Keys with a state each, found by their hash and kept in the order of their last use. One allocation for
/// each key. Not safe beside other calls.
template <class State>
class KeyTable {
 private:
  struct Link {
    Link* older;
    Link* newer;
  };

 public:
  struct Entry : Link {
    Entry* chained;  // the next with the same place
    std::uint64_t hash;
    std::int64_t used;  // the last time
    State state;
    std::string key;
  };

  KeyTable() = default;
  KeyTable(const KeyTable&) = delete;
  KeyTable& operator=(const KeyTable&) = delete;
  ~KeyTable() {
    while (auto* const entry = oldest())
      remove(entry);
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Null when there is none.
  [[nodiscard]] Entry* oldest() noexcept {
    return ends_.newer == &ends_ ? nullptr : static_cast<Entry*>(ends_.newer);
  }
  [[nodiscard]] Entry* find(std::string_view key, std::uint64_t hash) noexcept {
    auto* entry = size_ == 0 ? nullptr : place_of(hash);
    while (entry != nullptr && (entry->hash != hash || entry->key != key))
      entry = entry->chained;
    return entry;
  }

  /// Adds a key that is not there, as the last used. Throws std::bad_alloc, and nothing is changed then.
  Entry* add(std::string_view key, std::uint64_t hash, std::int64_t now, const State& state) {
    auto* const entry = new Entry{{}, nullptr, hash, now, state, std::string(key)};
    try {
      if (size_ == places_.size()) grow();
    } catch (...) {
      delete entry;
      throw;
    }
    entry->chained = std::exchange(place_of(hash), entry);
    append(*entry);
    ++size_;
    return entry;
  }

  void use(Entry& entry, std::int64_t now) noexcept {
    entry.used = now;
    if (ends_.older == &entry) return;
    unlink(entry);
    append(entry);
  }

  void remove(Entry* entry) noexcept {
    Entry** place = &place_of(entry->hash);
    while (*place != entry)
      place = &(*place)->chained;
    *place = entry->chained;
    unlink(*entry);
    --size_;
    delete entry;
  }

 private:
  // A power of two.
  [[nodiscard]] Entry*& place_of(std::uint64_t hash) noexcept { return places_[hash & (places_.size() - 1)]; }

  void grow() {
    std::vector<Entry*> wider(places_.empty() ? 8 : 2 * places_.size());
    places_.swap(wider);
    for (Entry* first : wider)
      while (first != nullptr) {
        Entry* const next = first->chained;
        first->chained = std::exchange(place_of(first->hash), first);
        first = next;
      }
  }

  static void unlink(Link& link) noexcept {
    link.older->newer = link.newer;
    link.newer->older = link.older;
  }
  void append(Link& link) noexcept {
    link.newer = &ends_;
    link.older = std::exchange(ends_.older, &link);
    link.older->newer = &link;
  }

  std::vector<Entry*> places_;
  std::size_t size_ = 0;
  Link ends_{&ends_, &ends_};  // before the oldest and behind the newest
};

}  // namespace cachesite::rate_limits
