#pragma once

#include <cachesite/cache_layer.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cachesite {

/// The base of layers that store values in another form, such as compressed: every operation uses two
/// functions, also for batches. A cached null is stored unchanged. `increment` is `unsupported`, since the
/// cache below cannot count in another form.
///
///     class Reversed final : public cachesite::ValueLayer {
///      public:
///       using ValueLayer::ValueLayer;
///
///      protected:
///       Result<ByteView> to_stored(std::string_view, ByteView value, std::string& memory) override {
///         const auto text = value.text();
///         memory.assign(text.rbegin(), text.rend());
///         return ByteView(memory);
///       }
///       Result<Found> from_stored(std::string_view, const Value& stored, Value& destination) override {
///         const auto text = stored.text();
///         destination.assign(ByteView(std::string(text.rbegin(), text.rend())));
///         return Found::hit;
///       }
///     };
///
/// Several threads call both at once. Their exceptions become failures, as in ICache.
class ValueLayer : public CacheLayer {
 public:
  using CacheLayer::CacheLayer;

 protected:
  /// The bytes to store for `value`. They may be in `memory`, which is empty at first, or elsewhere for as
  /// long as `value` is valid. A failure fails the call, and nothing is stored.
  virtual Result<ByteView> to_stored(std::string_view key, ByteView value, std::string& memory) = 0;
  /// Puts the value of the stored bytes into `destination`, which is empty at first. The read then returns
  /// the result: `hit`, `null` or `miss`.
  virtual Result<Found> from_stored(std::string_view key, const Value& stored, Value& destination) = 0;
  /// Called for each stored value.
  virtual void on_stored(ByteView value, ByteView stored) noexcept;

  void do_begin(CacheRequest& request) override;

  /// `from_stored` for what a batch of reads has found. A failure is that of its key.
  void take_values(std::span<const std::string_view> keys, std::span<Lookup> results) noexcept;
  class StoredBatch;

 private:
  void read_value(CacheRequest& request);
  void read_values(CacheRequest& batch);
  void store_value(CacheRequest& request);
  void store_values(CacheRequest& batch);
};

}  // namespace cachesite
