#include "memory/objects/object_shard.hpp"

#include <iterator>

namespace cachesite::memory {

KeptObject ObjectShard::find(const HashedKey& key) {
  const std::lock_guard lock(mutex_);
  const auto place = places_.find(key);
  if (place == places_.end()) return {};
  entries_.splice(entries_.begin(), entries_, place->second);
  return place->second->kept;
}

void ObjectShard::keep(const HashedKey& key, const KeptObject& kept, const Limits& limits) {
  Entries fresh;
  fresh.push_back({std::string(key.text), key.hash, kept});
  const auto entry = fresh.begin();
  Entries dropped;
  const std::lock_guard lock(mutex_);
  if (const auto place = places_.find(key); place != places_.end()) take_out(place->second, dropped);
  if (entry->cost() > limits.bytes) return;
  while (!entries_.empty() && (entries_.size() >= limits.objects || bytes_ + entry->cost() > limits.bytes))
    take_out(std::prev(entries_.end()), dropped);
  places_.emplace(entry->hashed_key(), entry);
  bytes_ += entry->cost();
  entries_.splice(entries_.begin(), fresh);
}

void ObjectShard::forget(const HashedKey& key) {
  Entries dropped;
  const std::lock_guard lock(mutex_);
  if (const auto place = places_.find(key); place != places_.end()) take_out(place->second, dropped);
}

ObjectShard::Limits ObjectShard::held() {
  const std::lock_guard lock(mutex_);
  return {entries_.size(), bytes_};
}

void ObjectShard::take_out(Entries::iterator entry, Entries& dropped) noexcept {
  places_.erase(entry->hashed_key());
  bytes_ -= entry->cost();
  dropped.splice(dropped.begin(), entries_, entry);
}

}  // namespace cachesite::memory
