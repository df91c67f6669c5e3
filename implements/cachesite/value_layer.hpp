#pragma once

#include <cachesite/cache_layer.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace cachesite {

/// The base of layers that store values in another form, such as compressed: two functions, and every
/// operation, batches included, goes through them. A cached null is stored as it is. `increment` is
/// `unsupported`, since the cache below cannot count in another form.
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
/// Both are called by several threads at once. What they throw becomes a failure, as with ICache.
class ValueLayer : public CacheLayer {
 public:
  using CacheLayer::CacheLayer;

 protected:
  /// The bytes to be stored for `value`. They may lie in `memory`, which is empty before, or elsewhere as
  /// long as `value` does. A failure is that of the call, and nothing is stored.
  virtual Result<ByteView> to_stored(std::string_view key, ByteView value, std::string& memory) = 0;
  /// Puts the value of what is stored into `destination`, which is empty before. `null` and `miss` are as if
  /// that had been found.
  virtual Result<Found> from_stored(std::string_view key, const Value& stored, Value& destination) = 0;
  /// Told of each value that was stored.
  virtual void on_stored(ByteView value, ByteView stored) noexcept;

  void do_begin(CacheRequest& request) override;

 private:
  void read_value(CacheRequest& request);
  void read_values(CacheRequest& batch);
  void store_value(CacheRequest& request);
  void store_values(CacheRequest& batch);
};

}  // namespace cachesite
