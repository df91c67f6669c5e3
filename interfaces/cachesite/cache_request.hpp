#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/detail/key_range.hpp>
#include <cachesite/error.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_to_live.hpp>
#include <cachesite/value.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cachesite {

/// An operation of a cache: one for each call of ICache that does work. `get`, `get_value` and `read` are all
/// `read`, `write` and `set_value` are both `write`; `keys` is a sequence of `scan`, and `expire_at` is
/// `expire`, or `remove` when its time is over.
enum class CacheOperation : std::uint8_t {
  read,
  write,
  add,
  replace,
  increment,
  remove,
  contains,
  time_to_live,
  expire,
  persist,
  get_many,
  set_many,
  remove_many,
  time_to_live_many,
  scan,
  remove_matching,
  clear,
  size,
};

/// How many there are.
inline constexpr std::size_t cache_operations = 18;

/// What an operation applies to.
enum class CacheSubject : std::uint8_t {
  key,         ///< one key
  batch,       ///< several keys
  pattern,     ///< the keys that match a pattern
  everything,  ///< all keys
};

/// What an operation does.
enum class CacheEffect : std::uint8_t {
  read,     ///< gives values
  look,     ///< asks about entries, without their values
  store,    ///< stores values
  count,    ///< changes a counter
  prolong,  ///< changes the TTL of entries
  remove,   ///< removes entries
  list,     ///< lists or counts keys
};

/// The answer of an operation that is not a batch; in brackets its type.
enum class CacheAnswer : std::uint8_t {
  found,   ///< what a read found (Found)
  done,    ///< only success (Done)
  yes_no,  ///< yes or no (bool)
  sum,     ///< the new value of a counter (std::int64_t)
  life,    ///< the remaining TTL of an entry (Remaining)
  amount,  ///< a number of entries (std::uint64_t)
  each,    ///< of a batch: one for each item
};

/// What a layer needs to know about an operation that it does not handle specially.
struct CacheOperationTraits {
  std::string_view name;  ///< as metrics and traces call it
  CacheSubject subject;
  CacheEffect effect;
  CacheAnswer answer;
};

namespace detail {

[[nodiscard]] constexpr CacheOperationTraits look_up_traits(CacheOperation operation) noexcept {
  using Subject = CacheSubject;
  using Effect = CacheEffect;
  using Answer = CacheAnswer;
  switch (operation) {
    case CacheOperation::read:
      return {"read", Subject::key, Effect::read, Answer::found};
    case CacheOperation::write:
      return {"write", Subject::key, Effect::store, Answer::done};
    case CacheOperation::add:
      return {"add", Subject::key, Effect::store, Answer::yes_no};
    case CacheOperation::replace:
      return {"replace", Subject::key, Effect::store, Answer::yes_no};
    case CacheOperation::increment:
      return {"increment", Subject::key, Effect::count, Answer::sum};
    case CacheOperation::remove:
      return {"remove", Subject::key, Effect::remove, Answer::yes_no};
    case CacheOperation::contains:
      return {"contains", Subject::key, Effect::look, Answer::yes_no};
    case CacheOperation::time_to_live:
      return {"time_to_live", Subject::key, Effect::look, Answer::life};
    case CacheOperation::expire:
      return {"expire", Subject::key, Effect::prolong, Answer::yes_no};
    case CacheOperation::persist:
      return {"persist", Subject::key, Effect::prolong, Answer::yes_no};
    case CacheOperation::get_many:
      return {"get_many", Subject::batch, Effect::read, Answer::each};
    case CacheOperation::set_many:
      return {"set_many", Subject::batch, Effect::store, Answer::each};
    case CacheOperation::remove_many:
      return {"remove_many", Subject::batch, Effect::remove, Answer::each};
    case CacheOperation::time_to_live_many:
      return {"time_to_live_many", Subject::batch, Effect::look, Answer::each};
    case CacheOperation::scan:
      return {"scan", Subject::pattern, Effect::list, Answer::done};
    case CacheOperation::remove_matching:
      return {"remove_matching", Subject::pattern, Effect::remove, Answer::amount};
    case CacheOperation::clear:
      return {"clear", Subject::everything, Effect::remove, Answer::done};
    case CacheOperation::size:
      return {"size", Subject::everything, Effect::list, Answer::amount};
  }
  return {"unknown", Subject::everything, Effect::list, Answer::done};
}

inline constexpr auto traits_of_operations = [] {
  std::array<CacheOperationTraits, cache_operations> all{};
  for (std::size_t place = 0; place < cache_operations; ++place)
    all[place] = look_up_traits(static_cast<CacheOperation>(place));
  return all;
}();

}  // namespace detail

[[nodiscard]] constexpr const CacheOperationTraits& traits_of(CacheOperation operation) noexcept {
  return detail::traits_of_operations[static_cast<std::size_t>(operation)];
}

/// The operation as metrics and traces call it, such as "read".
[[nodiscard]] constexpr std::string_view to_string(CacheOperation operation) noexcept {
  return traits_of(operation).name;
}

/// One entry to be stored: what `ICache::set_many` takes. It owns nothing.
struct CacheEntry {
  std::string_view key;
  /// The value; a cached null for std::nullopt.
  std::optional<ByteView> value;
  /// When not given, the TTL of the cache.
  TimeToLive time_to_live = TimeToLive::unspecified();
};

/// A read that also takes an entry whose TTL has ended. It asks the caches in memory only: a cache in front of
/// a server answers it from its copies.
struct StaleRead {
  /// Longest time since the end of the entry.
  std::chrono::milliseconds longest{0};
  /// Set by the cache that ends the request, when it finds an entry: whether the entry has ended, and how
  /// long ago.
  bool stale = false;
  std::chrono::milliseconds age{0};
};

/// What a read tells about the life of an entry, beside its value.
struct EntryLife {
  /// Remaining TTL of the entry, not that of a copy of it; `absent` when it is not known.
  Remaining left;
  /// Whether the value is served although nobody can say that it is still true: its TTL has ended, or nobody
  /// has vouched for the copy lately.
  bool stale = false;
  /// Whether a copy in memory has answered.
  bool near = false;
  /// Which server has answered: its number in the feed of changes of the cache (see IChangeFeed); 0 for the
  /// only one.
  std::uint16_t server = 0;
};

/// How a read that asks for the life of an entry may be answered.
struct ReadLimits {
  /// Longest wait for a server; without it that of the cache.
  std::optional<std::chrono::milliseconds> patience = std::nullopt;
  /// A copy is good if it was true at most so long ago; 0: if it is true now, which costs a question to the
  /// server. Without it the limit of the cache counts.
  std::optional<std::chrono::milliseconds> max_staleness = std::nullopt;
  /// Whether a copy that nobody vouches for is taken when the server cannot be reached.
  bool accept_stale = false;

  /// Whether there is no limit among them.
  [[nodiscard]] bool empty() const noexcept { return !patience && !max_staleness && !accept_stale; }
};

/// One operation on its way down the layers of a cache, and its answer. A layer passes it on, or changes it
/// for the cache below; the cache that can answer it ends it.
///
/// It owns neither keys nor values, nor the buffers for results: they belong to the caller, and stay valid
/// until the call returns. A copy repeats the operation with the same buffers. Used by one thread at a time.
class CacheRequest {
 public:
  CacheRequest(CacheOperation asked, std::string_view about = {}) noexcept : operation(asked), key(about) {}
  CacheRequest(CacheOperation asked, std::string_view about, std::optional<ByteView> to_store,
               TimeToLive life) noexcept
      : operation(asked), key(about), value(to_store), time_to_live(life) {}
  CacheRequest(CacheOperation asked, std::string_view about, std::int64_t change, TimeToLive life) noexcept
      : operation(asked), key(about), time_to_live(life), by(change) {}
  /// A step of a scan.
  CacheRequest(std::string_view pattern, ScanPosition& from, std::vector<std::string>& into) noexcept
      : operation(CacheOperation::scan), key(pattern), position(&from), found(&into) {}

  CacheOperation operation;
  /// The key of an operation on one key; the pattern of `scan` and `remove_matching`.
  std::string_view key;
  /// What `write`, `add` and `replace` store; a cached null for std::nullopt.
  std::optional<ByteView> value = {};
  /// For operations that store an entry or change its TTL.
  TimeToLive time_to_live = TimeToLive::never_expires();
  /// What `increment` adds.
  std::int64_t by = 0;
  /// Ends a request in place of a cache.
  class Target {
   public:
    virtual void end(CacheRequest& request) = 0;

   protected:
    ~Target() = default;
  };
  /// Ends the request in place of the cache below: so a layer passes on another interface of that cache. Null
  /// for an ordinary request.
  Target* target = nullptr;
  /// Where `read` puts the value.
  Value* destination = nullptr;
  /// For a `read` that also takes an entry whose TTL has ended; null for an ordinary one. Layers do not count
  /// it: it follows an ordinary read of the same call. Belongs to the caller.
  StaleRead* stale = nullptr;
  /// Where `read` and `get_many` also put the life of each entry that is found; empty for an ordinary read.
  /// Belongs to the caller.
  std::span<EntryLife> lives = {};
  /// For a read with `lives`; null for no limits.
  const ReadLimits* limits = nullptr;
  /// The position of `scan`, and the list to which it appends keys.
  ScanPosition* position = nullptr;
  std::vector<std::string>* found = nullptr;
  /// The items of a batch: entries of `set_many`, keys of the others.
  std::span<const std::string_view> keys = {};
  std::span<const CacheEntry> entries = {};
  /// The answers of a batch, one for each item: of `get_many`, `set_many`, `remove_many` and
  /// `time_to_live_many`.
  std::variant<std::monostate, std::span<Lookup>, std::span<Status>, std::span<Result<bool>>,
               std::span<Result<Remaining>>>
      results = {};

  [[nodiscard]] CacheSubject subject() const noexcept { return traits_of(operation).subject; }
  [[nodiscard]] CacheEffect effect() const noexcept { return traits_of(operation).effect; }
  [[nodiscard]] bool is_batch() const noexcept { return results.index() != 0; }
  /// Whether all that the request asks for is the value under a key.
  [[nodiscard]] bool is_plain_read() const noexcept {
    return operation == CacheOperation::read && stale == nullptr && lives.empty();
  }
  /// The limits of a read with `lives`.
  [[nodiscard]] ReadLimits read_limits() const noexcept { return limits ? *limits : ReadLimits(); }
  /// Number of items of a batch.
  [[nodiscard]] std::size_t items() const noexcept {
    return operation == CacheOperation::set_many ? entries.size() : keys.size();
  }
  /// The key of an item.
  [[nodiscard]] std::string_view key_of(std::size_t item) const noexcept {
    return operation == CacheOperation::set_many ? entries[item].key : keys[item];
  }

  /// Ends a request that is not a batch. `T` is Found for `read`; Done for `write`, `scan` and `clear`; the
  /// new value for `increment`; Remaining for `time_to_live`; std::uint64_t for `remove_matching` and `size`;
  /// bool for the others.
  template <class T>
  void end(Result<T>&& result) noexcept {
    if (!result.ok()) return end_failed(result.error());
    answer_.template emplace<T>(std::move(result).value());
    failed_ = false;
  }
  /// Ends a request that is not a batch with the answer of another one.
  void end_as(const CacheRequest& other) noexcept;
  /// Ends a request, and every item of a batch, with a failure.
  void fail(const Error& error) noexcept;
  /// Ends one item of a batch with a failure.
  void fail(std::size_t item, const Error& error) noexcept;
  /// Ends a request, and every item of a batch, with the failure for the current exception (see
  /// `thrown_failure`). What changes something may have done so before it threw: its outcome is `unknown`. Call
  /// it in a catch block.
  void fail_thrown() noexcept;

  /// The answer of a request that is not a batch, `T` as for `end`. `unsupported` when nothing has ended it.
  template <class T>
  [[nodiscard]] Result<T> answer() const noexcept {
    if (const T* answer = std::get_if<T>(&answer_)) return *answer;
    return failure();
  }
  /// The same without the failure: null when the request failed.
  template <class T>
  [[nodiscard]] const T* answered() const noexcept {
    return std::get_if<T>(&answer_);
  }
  /// Why the request failed, or null. Of a batch, null.
  [[nodiscard]] const Error* error() const noexcept { return failed_ ? &error_ : nullptr; }
  /// Why an item of a batch failed, or null.
  [[nodiscard]] const Error* error(std::size_t item) const noexcept;

  /// Calls `visit(results)` with the span of results of a batch; does nothing for other requests.
  template <class Visit>
  void visit_results(Visit&& visit) const {
    if (const auto* lookups = std::get_if<std::span<Lookup>>(&results)) return visit(*lookups);
    if (const auto* stored = std::get_if<std::span<Status>>(&results)) return visit(*stored);
    if (const auto* removed = std::get_if<std::span<Result<bool>>>(&results)) return visit(*removed);
    if (const auto* left = std::get_if<std::span<Result<Remaining>>>(&results)) visit(*left);
  }
  /// Calls `visit(item, result)` for each result of a batch.
  template <class Visit>
  void for_each_result(Visit&& visit) const {
    visit_results([&](auto all) {
      for (std::size_t item = 0; item < all.size(); ++item)
        visit(item, all[item]);
    });
  }
  /// The results of a batch of one kind. Precondition: it is of that kind.
  template <class R>
  [[nodiscard]] std::span<R> results_as() const noexcept {
    return *std::get_if<std::span<R>>(&results);
  }

 private:
  void end_failed(const Error& error) noexcept;
  [[nodiscard]] Error failure() const noexcept;

  // An Error among the alternatives would make each copy, and each compilation, a good deal longer.
  std::variant<std::monostate, Done, Found, bool, std::int64_t, std::uint64_t, Remaining> answer_;
  Error error_{ErrorCode::unsupported};
  bool failed_ = false;
};

}  // namespace cachesite
