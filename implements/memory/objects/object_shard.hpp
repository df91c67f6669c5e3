#pragma once

#include <cachesite/value.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace cachesite::memory {

/// An object, and the bytes that it was made of.
struct KeptObject {
  Value bytes;
  std::shared_ptr<const void> object;

  [[nodiscard]] bool is_of(const Value& others) const noexcept {
    return object &&
           (bytes.bytes().data() == others.bytes().data() ? bytes.size() == others.size() : bytes == others);
  }
};

/// A key with its hash, which is computed once.
struct HashedKey {
  std::string_view text;
  std::uint64_t hash = 0;

  friend bool operator==(const HashedKey& left, const HashedKey& right) noexcept {
    return left.text == right.text;
  }
};

/// A part of a table of objects with a lock of its own. Objects are destroyed without it: their destructors
/// are the program's.
class ObjectShard {
 public:
  struct Limits {
    std::uint64_t objects;
    std::uint64_t bytes;
  };

  /// Empty when there is none under the key.
  KeptObject find(const HashedKey& key);
  /// Throws std::bad_alloc.
  void keep(const HashedKey& key, const KeptObject& kept, const Limits& limits);
  void forget(const HashedKey& key);

  /// Objects and bytes held.
  [[nodiscard]] Limits held();

 private:
  struct Entry {
    std::string key;
    std::uint64_t hash;
    KeptObject kept;

    [[nodiscard]] HashedKey hashed_key() const noexcept { return {key, hash}; }
    [[nodiscard]] std::uint64_t cost() const noexcept { return 256 + key.size() + 2 * kept.bytes.size(); }
  };
  using Entries = std::list<Entry>;
  struct Hash {
    std::size_t operator()(const HashedKey& key) const noexcept { return key.hash; }
  };

  void take_out(Entries::iterator entry, Entries& dropped) noexcept;

  std::mutex mutex_;
  Entries entries_;  // the latest used first
  std::unordered_map<HashedKey, Entries::iterator, Hash> places_;
  std::uint64_t bytes_ = 0;
};

}  // namespace cachesite::memory
