#pragma once

#include "basics/per_process.hpp"
#include "layers/remember/entry_ends.hpp"
#include "layers/remember/value_envelope.hpp"
#include "layers/remember/value_versions.hpp"

#include <cachesite/remember_cache.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// The entries in the cache below: their values, and what the form `envelope` knows beside these. A value that
/// begins as an envelope does is opened whatever the form, so that those of an earlier configuration are read.
class RememberCache::StoredEntries {
 public:
  using Keys = std::span<const std::string_view>;

  /// What stood there when it was read: whoever writes later looks whether it still does.
  struct Mark {
    enum class Kind : std::uint8_t { unknown, absent, plain, envelope };
    Kind kind = Kind::unknown;
    std::uint64_t version = 0;  // of a plain value a hash of its bytes

    friend bool operator==(const Mark&, const Mark&) = default;
  };
  /// What a read tells beside the value.
  struct Details {
    Mark mark;  // of a plain value only where that is asked for
    bool stale = false;
    bool ended = false;                // its own TTL, so that it is of use for `stale_for`
    std::chrono::milliseconds age{0};  // since the end of its TTL, or of that of its copy
    EntryLife life;                    // left: of its TTL
    std::chrono::milliseconds stale_for{0};
    std::chrono::microseconds cost{0};
    std::string etag;
    const char* bad = nullptr;  // why what stands there is no envelope: it counts as a miss

    [[nodiscard]] bool too_old(std::chrono::milliseconds longest) const noexcept {
      return stale && age > (ended ? std::min(longest, stale_for) : longest);
    }
  };
  /// What is stored for a value, and for how long.
  struct Sealed {
    std::string envelope;           // empty with form plain
    std::optional<ByteView> value;  // as it was given
    TimeToLive time_to_live;

    [[nodiscard]] std::optional<ByteView> bytes_to_store() const noexcept {
      return envelope.empty() ? value : std::optional(ByteView(envelope));
    }
  };
  /// What is to be known of a value that is stored.
  struct Knowledge {
    std::string etag;
    std::optional<std::chrono::milliseconds> stale_for;  // else that of the cache
    std::chrono::nanoseconds cost{0};
  };

  StoredEntries(RememberCache& cache, ValueForm form);

  [[nodiscard]] bool enveloped() const noexcept { return form_ == ValueForm::envelope; }
  /// Counted for each envelope that is none.
  std::atomic<std::uint64_t> bad_envelopes{0};

  /// A stale entry is found too. Without `limits` those of the caches below hold.
  Result<Found> read(std::string_view key, Value& destination, Details& details,
                     const ReadLimits* limits = nullptr);
  /// The same for many. A stale one is marked as such in `results`.
  void read_many(Keys keys, std::span<Lookup> results, std::span<Details> details,
                 const ReadLimits* limits = nullptr);
  /// What memory has of the key, ended or not, and nothing else is asked where a near tier is below.
  Result<Found> read_copy(std::string_view key, Value& destination, StaleRead& stale, Details& details);
  /// Makes a hit of the cache below what it stands for, with form plain.
  Result<Found> opened(std::string_view key, const Result<Found>& found, Value& destination) {
    if (!found.ok() || found.value() != Found::hit || !remembering::looks_enveloped(destination.text()))
        [[likely]]
      return found;
    return read_opened(key, destination);
  }
  /// The same once an envelope has been found.
  Result<Found> read_opened(std::string_view key, Value& destination);
  Result<Found> reread(std::string_view key, Value& destination, const ReadLimits* limits = nullptr);

  [[nodiscard]] Result<Sealed> seal(std::string_view key, std::optional<ByteView> value,
                                    TimeToLive time_to_live, const Knowledge& knowledge);
  /// The TTL in the store of a value that lives so long, and is of use for so long after that.
  [[nodiscard]] static TimeToLive with_stale(TimeToLive life, std::chrono::milliseconds stale_for) noexcept;
  /// A value with this version ends after `life`.
  void note_end(std::string_view key, std::uint64_t version, TimeToLive life) noexcept;
  /// Whether the store still has what `mark` is of.
  Result<bool> still_has(std::string_view key, const Mark& mark);
  [[nodiscard]] static Mark mark_of(Found found, const Value& value, const Details& details) noexcept;

  /// Ends a request as a cache of values does, whatever their form.
  void answer(CacheRequest& request);
  /// The same for an asynchronous call that takes no ended entry.
  bool answer_async(AsyncRequest& call);

 private:
  /// When the store was asked for the TTL, once it has been.
  using Asked = std::optional<IClock::TimePoint>;
  class Questions;
  class Reading;
  class BatchReading;
  class Answer;
  class ReadAnswer;
  class BatchReadAnswer;
  class LookAnswer;
  class BatchLookAnswer;
  class StoreAnswer;
  class BatchStoreAnswer;
  template <class SomeAnswer>
  class AsyncAnswer;
  class AsyncOpening;

  /// Nothing when the store has to be asked for the TTL first, which is to be put into `details.life`. Null for `asked`:
  /// it is not asked.
  std::optional<Found> open(Found found, std::string_view key, Value& stored, Details& details,
                            const StaleRead* copy, Asked* asked);
  std::optional<Found> open_envelope(std::string_view key, Value& stored, Details& details, Asked* asked);
  void count_bad(const char* reason);
  bool settle_life(std::string_view key, Details& details, Asked* asked);
  [[nodiscard]] static bool has_ended_here(const Details& details) noexcept;
  [[nodiscard]] static ReadLimits past_copies(const ReadLimits* limits) noexcept;

  /// `question` is the last one afterwards.
  void ask(Questions& questions, CacheRequest& question);
  /// Whether a read has found what begins as an envelope does.
  [[nodiscard]] static bool has_envelope(const CacheRequest& read);
  void note_first_read(const CacheRequest& read);
  Result<Found> read_kept(std::string_view key, Value& destination, StaleRead& stale, Details& details);
  void answer_kept(CacheRequest& request);
  template <class SomeAnswer>
  void answer_by(CacheRequest& request);
  template <class SomeAnswer>
  bool answer_async_by(AsyncRequest& call);

  RememberCache& cache_;
  const ValueForm form_;
  const std::unique_ptr<remembering::EntryEnds> ends_;  // null with form plain
  const std::unique_ptr<basics::PerProcess<remembering::ValueVersions>> versions_;
  std::atomic<bool> told_of_bad_{false};
};

}  // namespace cachesite
