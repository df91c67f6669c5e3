#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/computing_cache.hpp>
#include <cachesite/detail/batch_part.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/i_tagged_cache.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace cachesite {

namespace layers {
class PassedInterfaces;
}

/// Whether a layer offers IComputingCache and ITaggedCache of the cache below.
enum class BelowInterfaces : std::uint8_t {
  hidden,     ///< no: their calls would bypass the layer
  passed_on,  ///< yes: their calls go through the layer as reads and writes
};

/// The base of layers: caches around another cache. By itself it passes every request on unchanged. A layer
/// overrides `do_begin`, which gets all requests, and calls `forward` in it:
///
///     class Timed final : public cachesite::CacheLayer {
///      public:
///       explicit Timed(std::shared_ptr<cachesite::ICache> below) : CacheLayer(std::move(below)) {}
///
///      protected:
///       void do_begin(cachesite::CacheRequest& request) override {
///         const auto begin = std::chrono::steady_clock::now();
///         forward(request);
///         note(request.operation, std::chrono::steady_clock::now() - begin);
///       }
///     };
///
/// A layer that distinguishes operations uses a `switch` over `request.effect()` or `request.subject()`, so
/// that it also handles operations of later versions. A layer that changes values derives from ValueLayer.
/// `do_read` and `do_write` may be overridden too, as a fast path for reads of a value alone and for writes. A read
/// that asks for more, as a near tier above does to learn the life of the entry, comes to `do_begin` only.
///
/// A layer that only observes calls, or changes keys or TTLs, uses `BelowInterfaces::passed_on`: it also
/// offers IComputingCache and ITaggedCache if the cache below does (see `find_interface`). With
/// `using passes_on = PassedOn;` files may register it under them. `do_begin` then
/// gets `remember` as a read, which is a miss when the value has to be computed, and `write_tagged` as a
/// write. `effective_time_to_live` gives the TTL of a computed value. Evictions of tags bypass the layer.
///
/// `forward` does not check the rules for keys, values and TTLs again: a layer that makes keys or values
/// longer checks them itself, or uses `below()->perform(request)`.
///
/// Asynchronous calls of a layer of your own run its `do_begin` on a thread of a pool. A layer that overrides
/// `do_begin_async` and `may_wait` needs none: see AsyncRequest.
///
/// After `stop()` every call fails with `closed`. The cache below is stopped by its own owner. Statistics
/// (except refused calls), health and logger are those of the cache below.
class CacheLayer : public ICache {
 public:
  /// The interfaces that `BelowInterfaces::passed_on` is about.
  using PassedOn = Provides<IComputingCache, ITaggedCache>;

  /// Throws std::invalid_argument when `below` is null.
  explicit CacheLayer(std::shared_ptr<ICache> below, BelowInterfaces interfaces = BelowInterfaces::hidden);
  ~CacheLayer() override;

  void stop() noexcept override;
  [[nodiscard]] Health health() const override;
  [[nodiscard]] CacheStatistics statistics() const override;
  [[nodiscard]] std::shared_ptr<ILogger> logger() const noexcept override { return below_->logger(); }
  [[nodiscard]] TimeToLive effective_time_to_live(std::string_view key,
                                                  TimeToLive time_to_live) const noexcept override {
    return below_->effective_time_to_live(key, time_to_live);
  }

  [[nodiscard]] void* interface_of_part(const InterfaceId& interface_id) const noexcept override;

  /// The cache below; never null.
  [[nodiscard]] const std::shared_ptr<ICache>& below() const noexcept { return below_; }

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  void do_begin(CacheRequest& request) override { forward(request); }
  void on_refused() noexcept override;

  /// Lets the cache below end the request.
  void forward(CacheRequest& request);
  /// The same, with exceptions as failures.
  void forward_guarded(CacheRequest& request) noexcept;
  /// For layers that override `do_begin_async`: passes the request on as `do_begin_async` of the cache below
  /// does. They also override `may_wait`, and most return `below_may_wait()`.
  bool forward_async(AsyncRequest& request);
  /// The same for another cache than the one below. The request follows the rules.
  static bool begin_async(ICache& cache, AsyncRequest& request) { return cache.do_begin_async(request); }
  /// Whether calls of the cache below may wait.
  [[nodiscard]] bool below_may_wait() const noexcept { return waits(*below_); }
  /// The same of another cache.
  [[nodiscard]] static bool waits(const ICache& cache) noexcept { return cache.may_wait(); }
  /// `forward` for the layer's own request; returns the answer of the cache below, `T` as for
  /// CacheRequest::end.
  template <class T>
  Result<T> ask_below(CacheRequest request) {
    forward(request);
    return request.answer<T>();
  }
  /// The same for a batch of keys.
  template <class R>
  void ask_below(CacheOperation operation, std::span<const std::string_view> keys, std::span<R> results) {
    CacheRequest batch(operation);
    batch.keys = keys;
    batch.results = results;
    forward(batch);
  }
  Result<Found> forward_read(std::string_view key, Value& destination) {
    if (stopped()) return closed();
    return forward_read_unchecked(key, destination);
  }
  /// The same without a check for `stop()`, for a layer that has checked it.
  Result<Found> forward_read_unchecked(std::string_view key, Value& destination) {
    return below_->do_read(key, destination);
  }
  /// The same for an entry whose TTL may have ended.
  Result<Found> forward_stale_read(std::string_view key, Value& destination, StaleRead& stale);
  /// The same for what `read` asks, of an ended entry and of lives too, with another destination.
  Result<Found> forward_read_as(const CacheRequest& read, Value& destination);
  /// `forward` for a read or a batch of reads with `lives`: it completes those that the cache below has not
  /// told.
  void forward_with_lives(CacheRequest& read);
  Status forward_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live);

  /// Passes the items of a batch without a reason of `refusal(item)` on to `then(batch)` as one batch, and
  /// refuses the others.
  template <class Refusal, class Then>
  void pass_accepted(CacheRequest& batch, Refusal refusal, Then then) noexcept {
    for (auto refused = detail::pass_accepted(batch, refusal, then); refused > 0; --refused)
      on_refused();
  }

  [[nodiscard]] bool stopped() const noexcept { return stopped_.load(std::memory_order_relaxed); }
  /// The failure of every call after `stop()`.
  [[nodiscard]] static Error closed();

 private:
  friend class layers::PassedInterfaces;

  const std::shared_ptr<ICache> below_;
  detail::ImplementationPointer<layers::PassedInterfaces> passed_;
  std::atomic<std::uint64_t> refusals_{0};
  std::atomic<bool> stopped_{false};
};

}  // namespace cachesite
