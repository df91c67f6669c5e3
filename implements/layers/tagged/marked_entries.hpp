#pragma once

#include "basics/per_process_mutex.hpp"
#include "layers/tagged/tag_markers.hpp"
#include "layers/tagged/tag_store.hpp"

#include <cachesite/cache_layer.hpp>
#include <cachesite/detail/i_tag_markers.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace cachesite::layers {

// Entries that carry the marks of their tags in their values: one whose mark is no longer that of the marker is
// absent. States of an entry: absent; untagged; tagged, while all its markers are as it was written with;
// evicted, from the moment that one is not.
class MarkedEntries final : public CacheLayer, public TagStore, public detail::ITagMarkers {
 public:
  explicit MarkedEntries(const std::shared_ptr<ICache>& below) : CacheLayer(below), markers_(*below) {}

  [[nodiscard]] std::string_view reserved() const noexcept override { return TagMarkers::key_prefix; }
  [[nodiscard]] std::string_view marker_prefix() const noexcept override { return reserved(); }
  Status store(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
               std::span<const std::string_view> tags) const override;
  // How many of the tags had a marker.
  Result<std::uint64_t> evict(std::span<const std::string_view> tags) const override {
    return markers_.remove(tags);
  }

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  Result<Found> payload_of(const Result<Found>& found, Value& destination);
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  void do_begin(CacheRequest& request) override;
  // Needs a thread to make room in place of an evicted entry, and to prolong the life of one.
  bool do_begin_async(AsyncRequest& call) override;
  [[nodiscard]] bool may_wait() const noexcept override { return below_may_wait(); }

 private:
  class AsyncCount;
  class AsyncExamined;
  class AsyncLives;
  class AsyncRead;
  class AsyncReads;
  class OwnEntries;
  class OwnValue;
  enum class State : std::uint8_t { absent, untagged, tagged, evicted };

  // Entries that have a life, and what is read to see whether their tags were evicted.
  class PresentEntries {
   public:
    PresentEntries(std::span<const std::string_view> keys, std::span<Result<Remaining>> results);
    [[nodiscard]] std::span<const std::string_view> keys() const noexcept { return keys_; }
    [[nodiscard]] std::span<Lookup> found() noexcept { return found_; }
    // An entry whose tags were evicted has no life left.
    void drop_evicted();

   private:
    const std::span<Result<Remaining>> results_;
    std::vector<std::size_t> places_;
    std::vector<std::string_view> keys_;
    std::vector<Lookup> found_;
  };

  bool store_async(AsyncRequest& call);
  void begin_read(CacheRequest& request);
  void begin_look(CacheRequest& request);
  void begin_store(CacheRequest& request);
  void read_all(std::span<const std::string_view> keys, std::span<Lookup> results);
  void check_all(std::span<Lookup> results);
  void drop_evicted(std::span<const std::string_view> keys, std::span<Result<Remaining>> results);
  void write_all(CacheRequest batch);
  Result<State> examine(std::string_view key, Value& stored, std::vector<TagMark>& marks);
  Result<bool> is_there(std::string_view key);
  Result<Remaining> life_of(std::string_view key);
  Result<bool> add_entry(const CacheRequest& request);
  Result<bool> replace_entry(const CacheRequest& request);
  Result<std::int64_t> add_to_counter(const CacheRequest& request);
  Result<bool> remove_evicted(std::string_view key);
  Result<bool> prolong(const CacheRequest& request);

  // Those who make room in place of an evicted entry take turns, so that of several only one finds it. A hook
  // in the cache below may call this one again, so a thread may take its turn twice.
  basics::PerProcessRecursiveMutex& turn_for(std::string_view key) noexcept {
    return turns_[std::hash<std::string_view>()(key) % turns_.size()];
  }

  const TagMarkers markers_;
  std::array<basics::PerProcessRecursiveMutex, 64> turns_;
};

}  // namespace cachesite::layers
