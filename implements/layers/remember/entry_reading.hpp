#pragma once

#include "layers/remember/stored_entries.hpp"

#include <cachesite/cache_request.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace cachesite {

/// What is done with entries, as questions to the cache below: a blocking call asks them one after the other, and
/// so does an asynchronous one, without a thread.
class RememberCache::StoredEntries::Questions {
 public:
  /// Takes the answer of the question before this one, if there was one. False: there is no further one.
  virtual bool go_on(CacheRequest& question) = 0;

 protected:
  ~Questions() = default;
};

/// One read. Its arguments have to exist until it has ended.
class RememberCache::StoredEntries::Reading final : public Questions {
 public:
  Reading(StoredEntries& entries, std::string_view key, Value& destination, Details& details,
          const ReadLimits* limits) noexcept
      : entries_(entries), key_(key), destination_(destination), details_(details), limits_(limits) {}

  bool go_on(CacheRequest& question) override;
  [[nodiscard]] const Result<Found>& found() const noexcept { return found_; }

 private:
  enum class Asking : std::uint8_t { nothing, value, entry, life };

  bool ask_for_value(CacheRequest& question);
  bool ask_for_entry(CacheRequest& question);
  bool open(CacheRequest& question);

  StoredEntries& entries_;
  const std::string_view key_;
  Value& destination_;
  Details& details_;
  const ReadLimits* limits_;
  Asking asking_ = Asking::nothing;
  Asked asked_;
  ReadLimits far_;
  Result<Found> found_ = Found::miss;
};

/// Many reads.
class RememberCache::StoredEntries::BatchReading final : public Questions {
 public:
  BatchReading(StoredEntries& entries, Keys keys, std::span<Lookup> results, std::span<Details> details,
               const ReadLimits* limits) noexcept
      : entries_(entries), keys_(keys), results_(results), details_(details), limits_(limits) {}

  bool go_on(CacheRequest& question) override;

 private:
  enum class Asking : std::uint8_t { nothing, entries, lives, life, ended };
  /// Some of the keys.
  struct Part {
    std::vector<std::size_t> places;
    std::vector<std::string_view> keys;

    void add(std::size_t place, std::string_view key) {
      places.push_back(place);
      keys.push_back(key);
    }
  };

  bool ask_for_entries(CacheRequest& question);
  bool ask_for_lives(CacheRequest& question);
  void take_lives();
  bool open_all(CacheRequest& question);
  bool open(std::size_t item);
  bool read_ended_copies(CacheRequest& question);
  void take_ended_copies();

  StoredEntries& entries_;
  const Keys keys_;
  const std::span<Lookup> results_;
  const std::span<Details> details_;
  const ReadLimits* const limits_;
  Asking asking_ = Asking::nothing;
  std::vector<EntryLife> lives_;
  Part part_;  // whose lives are asked for; later, what copies have that have ended
  std::vector<Result<Remaining>> left_;
  std::size_t item_ = 0;
  Asked asked_;  // of the item
  ReadLimits far_;
  std::vector<Lookup> far_results_;
  std::vector<Details> far_details_;
  std::unique_ptr<BatchReading> far_reading_;
};

}  // namespace cachesite
