#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/serializer.hpp>
#include <cachesite/typed_lookup.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite {

/// How a TypedCache writes a null. Reading understands both.
enum class NullForm : std::uint8_t {
  cached,      ///< as a cached null of the cache below (redis-kit's way)
  serialized,  ///< as the serialiser's own null, such as a pickled None (the way of spakky and rick)
};

/// Values of a C++ type over any cache of bytes:
///
///     cachesite::TypedCache<User, cachesite::JsonSerializer>
///     users(site->get_component<cachesite::ICache>("users")); users.set_value("user:42", ada, 30min); if
///     (auto lookup = users.get("user:42"); lookup.hit()) greet(lookup.value());
///
/// No call throws: a serialiser's exception becomes a failure. All calls are safe from any thread, as the
/// serialiser's are.
template <class T, class S>
requires Serializer<S, T>
class TypedCache {
 public:
  /// Throws std::invalid_argument when `cache` is null.
  explicit TypedCache(std::shared_ptr<ICache> cache, S serializer = S(),
                      NullForm null_form = NullForm::cached)
      : cache_(std::move(cache)), serializer_(std::move(serializer)), null_form_(null_form) {
    if (!cache_) throw std::invalid_argument("a TypedCache needs a cache");
  }

  /// The entry under `key`, with every case told apart.
  [[nodiscard]] TypedLookup<T> get(std::string_view key) const noexcept {
    Value bytes;
    const auto found = cache_->read(key, bytes);
    if (!found.ok()) return TypedLookup<T>(found.error());
    if (found.value() != Found::hit) return TypedLookup<T>(found.value());
    return guarded<TypedLookup<T>>([&] {
      T value{};
      const auto read = serializer_.read(ByteView(bytes.text()), value);
      if (!read.ok()) return TypedLookup<T>(read.error());
      return read.value() == Found::hit ? TypedLookup<T>(std::move(value)) : TypedLookup<T>(read.value());
    });
  }

  /// The value under `key`; empty on a miss, on a null, and on any failure.
  [[nodiscard]] std::optional<T> get_value(std::string_view key) const noexcept {
    auto lookup = get(key);
    if (!lookup.hit()) return std::nullopt;
    return std::optional<T>(std::move(lookup).value());
  }

  /// Stores `value` and replaces what is there.
  Status write(std::string_view key, const T& value, TimeToLive time_to_live) noexcept {
    return guarded<Status>([&]() -> Status {
      std::string bytes;
      if (auto status = serializer_.write(value, bytes); !status.ok()) return status;
      return cache_->write(key, ByteView(bytes), time_to_live);
    });
  }

  /// Stores that there is no value.
  Status write_null(std::string_view key, TimeToLive time_to_live) noexcept {
    if constexpr (requires(std::string & bytes) { serializer_.write_null(bytes); }) {
      if (null_form_ == NullForm::serialized)
        return guarded<Status>([&]() -> Status {
          std::string bytes;
          if (auto status = serializer_.write_null(bytes); !status.ok()) return status;
          return cache_->write(key, ByteView(bytes), time_to_live);
        });
    }
    return cache_->write(key, std::nullopt, time_to_live);
  }

  /// Stores `value`, or that there is none for std::nullopt. True when stored.
  template <class Rep, class Period>
  bool set_value(std::string_view key, const std::optional<T>& value,
                 std::chrono::duration<Rep, Period> expire) noexcept {
    return (value ? write(key, *value, TimeToLive(expire)) : write_null(key, TimeToLive(expire))).ok();
  }

  /// As the calls of the same names of ICache.
  Result<bool> remove(std::string_view key) noexcept { return cache_->remove(key); }
  Result<bool> contains(std::string_view key) const noexcept { return cache_->contains(key); }
  Result<Remaining> time_to_live(std::string_view key) const noexcept { return cache_->time_to_live(key); }

  /// The cache of bytes below; never null.
  [[nodiscard]] const std::shared_ptr<ICache>& cache() const noexcept { return cache_; }
  [[nodiscard]] const S& serializer() const noexcept { return serializer_; }
  [[nodiscard]] NullForm null_form() const noexcept { return null_form_; }

 private:
  template <class R, class Call>
  static R guarded(Call&& call) noexcept {
    try {
      return call();
    } catch (const std::bad_alloc&) {
      return R(Error(ErrorCode::no_memory));
    } catch (...) {
      return R(Error(ErrorCode::corrupt, "the serialiser threw an exception"));
    }
  }

  std::shared_ptr<ICache> cache_;
  S serializer_;
  NullForm null_form_;
};

}  // namespace cachesite
