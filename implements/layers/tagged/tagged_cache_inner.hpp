#pragma once

#include "basics/per_process_mutex.hpp"
#include "layers/base/request_end.hpp"
#include "layers/tagged/spakky_tags.hpp"
#include "layers/tagged/tag_markers.hpp"

#include <cachesite/tagged_cache.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

namespace cachesite {

class TaggedCache::Inner {
 public:
  Inner(const TaggedCacheOptions& options, ICache& below)
      : native(options.form == TagForm::markers),
        reserved(native ? layers::TagMarkers::key_prefix : layers::SpakkyTags::key_prefix),
        markers(below) {
    if (!native) sets = std::make_unique<layers::SpakkyTags>(options.connection.component(), options.prefix);
  }

  using Counter = std::atomic<std::uint64_t>;
  static void count(Counter& counter, std::uint64_t by = 1) noexcept {
    counter.fetch_add(by, std::memory_order_relaxed);
  }

  static Error reserved_key() {
    return Error(ErrorCode::bad_argument, "keys that begin like this are reserved for the tags of the cache");
  }

  Result<Found> count_read(Found found) noexcept {
    count(found == Found::miss ? misses : hits);
    return found;
  }

  void count(const CacheRequest& request) noexcept {
    const auto end = layers::end_of(request);
    const auto counted = layers::counted_as(request);
    if (counted == layers::Counted::reads) {
      count(hits, end.found_keys(request));
      count(misses, end.missed_keys(request));
    }
    if (counted == layers::Counted::writes) count(writes, end.changed_keys(request));
    if (counted == layers::Counted::removals) count(removals, end.changed_keys(request));
  }

  // Those who make room in place of an evicted entry take turns, so that of several only one finds it. A hook
  // in the cache below may call this one again, so a thread may take its turn twice.
  basics::PerProcessRecursiveMutex& turn_for(std::string_view key) noexcept {
    return turns_[std::hash<std::string_view>()(key) % turns_.size()];
  }

  const bool native;
  const std::string_view reserved;
  const layers::TagMarkers markers;
  std::unique_ptr<layers::SpakkyTags> sets;
  Counter hits{0}, misses{0}, writes{0}, removals{0}, tag_evictions{0};

 private:
  std::array<basics::PerProcessRecursiveMutex, 64> turns_;
};

}  // namespace cachesite
