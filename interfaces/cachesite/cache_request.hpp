#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/cache_operation.hpp>
#include <cachesite/error.hpp>
#include <cachesite/key_range.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_to_live.hpp>
#include <cachesite/value.hpp>

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

/// One entry to be stored: what `ICache::set_many` takes. It owns nothing.
struct CacheEntry {
  std::string_view key;
  /// The value; a cached null for std::nullopt.
  std::optional<ByteView> value;
  /// Left to the cache when not given.
  TimeToLive time_to_live = TimeToLive::unspecified();
};

/// One operation on its way down the layers of a cache: what is asked, and its answer. A layer passes it on as
/// it is, or changes it for the cache below; whoever can answer it ends it.
///
/// It owns neither keys nor values, nor the room for what is read: they are the caller's, and stay until the
/// call returns. A copy asks the same once more, with the same room for its answers. Used by one thread at a
/// time.
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
  /// Of an operation on one key; of `scan` and `remove_matching` the pattern.
  std::string_view key;
  /// What `write`, `add` and `replace` store; a cached null for std::nullopt.
  std::optional<ByteView> value = {};
  /// Of the operations that store an entry or change its life.
  TimeToLive time_to_live = TimeToLive::never_expires();
  /// What `increment` adds.
  std::int64_t by = 0;
  /// What ends a request that no cache answers by itself.
  class Target {
   public:
    virtual void end(CacheRequest& request) = 0;

   protected:
    ~Target() = default;
  };
  /// What ends the request in place of the cache below the layer that it is given to: how a layer passes on a
  /// further interface of the cache below. Null for an ordinary request.
  Target* target = nullptr;
  /// Where `read` puts the value.
  Value* destination = nullptr;
  /// How far `scan` has come, and where it puts the keys that it finds.
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
  /// Number of items of a batch.
  [[nodiscard]] std::size_t items() const noexcept {
    return operation == CacheOperation::set_many ? entries.size() : keys.size();
  }
  /// The key of an item.
  [[nodiscard]] std::string_view key_of(std::size_t item) const noexcept {
    return operation == CacheOperation::set_many ? entries[item].key : keys[item];
  }

  /// Ends a request that is no batch. `T` is Found for `read`; Done for `write`, `scan` and `clear`; the new
  /// value for `increment`; Remaining for `time_to_live`; std::uint64_t for `remove_matching` and `size`; bool
  /// for the others.
  template <class T>
  void end(Result<T>&& result) noexcept {
    if (!result.ok()) return end_failed(result.error());
    answer_.template emplace<T>(std::move(result).value());
    failed_ = false;
  }
  /// Ends a request that is no batch as another one that asked the same.
  void end_as(const CacheRequest& other) noexcept;
  /// Ends a request, and every item of a batch, with a failure.
  void fail(const Error& error) noexcept;
  /// Ends one item of a batch with a failure.
  void fail(std::size_t item, const Error& error) noexcept;

  /// How a request ended that is no batch, `T` as for `end`. Nobody having ended it is `unsupported`.
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

  /// Calls `visit(results)` with the span of results that a batch has; nothing for what is no batch.
  template <class Visit>
  void visit_results(Visit&& visit) const {
    if (const auto* lookups = std::get_if<std::span<Lookup>>(&results)) return visit(*lookups);
    if (const auto* stored = std::get_if<std::span<Status>>(&results)) return visit(*stored);
    if (const auto* removed = std::get_if<std::span<Result<bool>>>(&results)) return visit(*removed);
    if (const auto* lives = std::get_if<std::span<Result<Remaining>>>(&results)) visit(*lives);
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
