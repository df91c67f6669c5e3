#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/detail/batch_part.hpp>
#include <cachesite/detail/implementation_pointer.hpp>

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

/// Whether a layer offers the interfaces that the cache below it has beside ICache.
enum class BelowInterfaces : std::uint8_t {
  hidden,     ///< no: what is asked through them would not be what the layer makes of it
  passed_on,  ///< yes: what is asked through them goes through the layer as a read or a write
};

/// The base of caches that do something of their own around another cache. By itself it passes every request
/// on unchanged. A layer overrides `do_begin`, which sees all of them, and in it uses `forward`:
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
/// A layer that does not treat all operations alike has a `switch` over `request.effect()` or
/// `request.subject()`, so that it treats an operation that is added later as its kind. A layer that changes
/// values derives from ValueLayer. `do_read` and `do_write` may be overridden too, for a shorter way.
///
/// A layer that only looks at calls, or changes keys or TTLs, says `BelowInterfaces::passed_on`: it also offers
/// IComputingCache and ITaggedCache when the cache below does (see `find_interface`). For `do_begin` a value
/// that is remembered is a read, a miss when it has to be computed; an entry with tags is a write. How long
/// what is computed lives `effective_time_to_live` says. An eviction of tags goes past the layer.
///
/// `forward` does not check the rules for keys, values and TTLs once more: a layer that makes keys or values
/// longer checks them, or uses `below()->perform(request)`, which does.
///
/// After `stop()` every call fails with `closed`. The cache below is stopped by its own owner. Statistics,
/// health and logger are those of the cache below, refused calls excepted.
class CacheLayer : public ICache {
 public:
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

  /// Has the cache below end the request.
  void forward(CacheRequest& request);
  /// The same with what is thrown below as a failure.
  void forward_guarded(CacheRequest& request) noexcept;
  /// The same for a request of the layer's own: the answer of the cache below, `T` as for CacheRequest::end.
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
  /// The same for a layer that has found out in another way that it is not stopped.
  Result<Found> forward_read_unchecked(std::string_view key, Value& destination) {
    return below_->do_read(key, destination);
  }
  Status forward_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live);

  /// Passes those items of a batch on to `then(batch)` that `refusal(item)` has no reason to refuse, still as
  /// one batch; the rest is refused.
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
