#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/detail/i_object_table.hpp>
#include <cachesite/detail/ready_result.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/serializer.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

namespace detail {

/// What a std::shared_ptr<const U> points to; nothing for other types.
template <class T>
struct SharedObject {
  static constexpr bool is_one = false;
};
template <class U>
struct SharedObject<std::shared_ptr<const U>> {
  static constexpr bool is_one = true;
  static std::shared_ptr<const U> from(std::shared_ptr<const void> object) noexcept {
    return std::static_pointer_cast<const U>(std::move(object));
  }
};

}  // namespace detail

/// How a TypedCache writes a null. It reads both forms.
enum class NullForm : std::uint8_t {
  cached,      ///< as a cached null of the cache below, like redis-kit
  serialized,  ///< as the serialiser's own null, such as a pickled None, like spakky and rick
};

/// Values of a C++ type over any cache of bytes:
///
///     cachesite::TypedCache<User, cachesite::JsonSerializer> users(
///         site->get_component<cachesite::ICache>("users"));
///     users.set_value("user:42", ada, 30min);
///     if (auto lookup = users.get("user:42"); lookup.hit()) greet(lookup.value());
///
/// No call throws unless its comment says so: a serialiser's exception becomes a failure. All calls are safe
/// from any thread if the serialiser's are.
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

  /// The same for objects that all callers share, T being a std::shared_ptr<const U>: as long as the cache
  /// answers with the same bytes, a read gives the object that is there already, and parses nothing. See
  /// ObjectTable, which `objects` is; null for none. Copies of this TypedCache share it.
  TypedCache(std::shared_ptr<ICache> cache, std::unique_ptr<IObjectTable> objects, S serializer = S(),
             NullForm null_form = NullForm::cached)
      : TypedCache(std::move(cache), std::move(serializer), null_form) {
    static_assert(
        detail::SharedObject<T>::is_one,
        "objects can be kept for a TypedCache of std::shared_ptr<const U> only, since callers share "
        "them");
    objects_ = std::move(objects);
  }

  /// The entry under `key`: a hit, a cached null, a miss or a failure.
  [[nodiscard]] TypedLookup<T> get(std::string_view key) const noexcept {
    if constexpr (detail::SharedObject<T>::is_one) {
      if (objects_)
        return shared_by(
            [&](auto& object) { return objects_->read(*cache_, key, Maker(serializer_), object); });
    }
    Value bytes;
    const auto found = cache_->read(key, bytes);
    if (!found.ok()) return TypedLookup<T>(found.error());
    if (found.value() != Found::hit) return TypedLookup<T>(found.value());
    return value_in(bytes);
  }

  /// The entries under `keys`, read together and in their order. Throws std::bad_alloc.
  [[nodiscard]] std::vector<TypedLookup<T>> get_many(std::span<const std::string_view> keys) const {
    std::vector<TypedLookup<T>> results;
    results.reserve(keys.size());
    auto key = keys.begin();
    for (const Lookup& lookup : cache_->get_many(keys)) {
      const auto own_key = *key++;
      if (lookup.failed()) {
        results.emplace_back(lookup.error());
      } else if (lookup.hit()) {
        results.push_back(value_in(own_key, lookup.value()));
      } else {
        results.emplace_back(lookup.null() ? Found::null : Found::miss);
      }
    }
    return results;
  }
  [[nodiscard]] std::vector<TypedLookup<T>> get_many(std::initializer_list<std::string_view> keys) const {
    return get_many(std::span<const std::string_view>(keys.begin(), keys.size()));
  }

  /// The value under `key`; empty on a miss, on a null, and on any failure.
  [[nodiscard]] std::optional<T> get_value(std::string_view key) const noexcept {
    auto lookup = get(key);
    if (!lookup.hit()) return std::nullopt;
    return std::optional<T>(std::move(lookup).value());
  }

  /// Stores `value` and replaces an existing entry.
  Status write(std::string_view key, const T& value,
               TimeToLive time_to_live = TimeToLive::unspecified()) noexcept {
    return with_bytes<Done>(
        value, [&](const std::string& bytes) { return cache_->write(key, ByteView(bytes), time_to_live); });
  }

  /// Stores `entries` together, all with one TTL; a result for each, in their order. A value that cannot be
  /// serialised does not affect the others. Throws std::bad_alloc.
  std::vector<Status> set_many(std::span<const std::pair<std::string_view, T>> entries,
                               TimeToLive time_to_live = TimeToLive::unspecified()) {
    std::vector<Status> results;
    std::vector<std::string> bytes(entries.size());
    std::vector<CacheEntry> serialized;
    results.reserve(entries.size());
    serialized.reserve(entries.size());
    for (std::size_t index = 0; index < entries.size(); ++index) {
      results.push_back(
          guarded<Status>([&] { return serializer_.write(entries[index].second, bytes[index]); }));
      if (results.back().ok())
        serialized.push_back({entries[index].first, ByteView(bytes[index]), time_to_live});
    }
    const auto stored = cache_->set_many(serialized);
    auto next = stored.begin();
    for (auto& result : results)
      if (result.ok()) result = *next++;
    return results;
  }
  std::vector<Status> set_many(std::initializer_list<std::pair<std::string_view, T>> entries,
                               TimeToLive time_to_live = TimeToLive::unspecified()) {
    return set_many(std::span<const std::pair<std::string_view, T>>(entries.begin(), entries.size()),
                    time_to_live);
  }

  /// Stores `value` only if there is no entry under `key`, not even a null; true when stored.
  Result<bool> add(std::string_view key, const T& value,
                   TimeToLive time_to_live = TimeToLive::unspecified()) noexcept {
    return with_bytes<bool>(
        value, [&](const std::string& bytes) { return cache_->add(key, ByteView(bytes), time_to_live); });
  }
  /// Stores `value` only if there is an entry under `key`, which may be a null; true when stored.
  Result<bool> replace(std::string_view key, const T& value,
                       TimeToLive time_to_live = TimeToLive::unspecified()) noexcept {
    return with_bytes<bool>(
        value, [&](const std::string& bytes) { return cache_->replace(key, ByteView(bytes), time_to_live); });
  }

  /// Stores a null.
  Status write_null(std::string_view key, TimeToLive time_to_live = TimeToLive::unspecified()) noexcept {
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

  /// Stores `value`, or a null for std::nullopt. True when stored.
  template <class Rep, class Period>
  bool set_value(std::string_view key, const std::optional<T>& value,
                 std::chrono::duration<Rep, Period> expire) noexcept {
    return (value ? write(key, *value, TimeToLive(expire)) : write_null(key, TimeToLive(expire))).ok();
  }
  bool set_value(std::string_view key, const std::optional<T>& value) noexcept {
    return (value ? write(key, *value) : write_null(key)).ok();
  }

  // Asynchronous calls, with the CallOptions of <cachesite/async_call.hpp>, which has to be included. Each is an
  // AsyncCall. They throw std::bad_alloc.

  /// As `get`; an AsyncCall<TypedLookup<T>>.
  template <class Options = CallOptions>
  [[nodiscard]] auto async_get(std::string_view key,
                               const Options& options = detail::usual_call_options) const {
    auto values = *this;
    return cache_->async_get(key, options).map([key = std::string(key), values](const Lookup& lookup) {
      if (lookup.failed()) return TypedLookup<T>(lookup.error());
      if (!lookup.hit()) return TypedLookup<T>(lookup.null() ? Found::null : Found::miss);
      return values.value_in(key, lookup.value());
    });
  }

  /// As `write`; an AsyncCall<Status>. `value` is serialised now, and may go.
  template <class Options = CallOptions>
  [[nodiscard]] auto async_set(std::string_view key, const T& value,
                               TimeToLive time_to_live = TimeToLive::unspecified(),
                               const Options& options = detail::usual_call_options) {
    auto bytes = std::make_unique<std::string>();
    const ByteView view(*bytes);
    using Call = decltype(cache_->async_write(key, view, time_to_live, options));
    const auto written = guarded<Status>([&] { return serializer_.write(value, *bytes); });
    if (!written.ok())
      return Call(std::in_place_type<detail::ReadyResult<Status>>, options, Status(written.error()));
    return cache_->async_write(key, ByteView(*bytes), time_to_live, options)
        .map([bytes = std::move(bytes)](Status stored) { return stored; });
  }

  /// As the calls of ICache of the same names.
  Result<bool> remove(std::string_view key) noexcept { return cache_->remove(key); }
  Result<bool> contains(std::string_view key) const noexcept { return cache_->contains(key); }
  Result<Remaining> time_to_live(std::string_view key) const noexcept { return cache_->time_to_live(key); }
  Result<bool> expire(std::string_view key, TimeToLive time_to_live) noexcept {
    return cache_->expire(key, time_to_live);
  }
  Result<bool> expire_at(std::string_view key, std::chrono::system_clock::time_point when) noexcept {
    return cache_->expire_at(key, when);
  }
  Result<bool> persist(std::string_view key) noexcept { return cache_->persist(key); }

  /// The cache of bytes below; never null.
  [[nodiscard]] const std::shared_ptr<ICache>& cache() const noexcept { return cache_; }
  [[nodiscard]] const S& serializer() const noexcept { return serializer_; }
  [[nodiscard]] NullForm null_form() const noexcept { return null_form_; }
  /// The objects that are kept; null when none are.
  [[nodiscard]] const IObjectTable* objects() const noexcept { return objects_.get(); }

 private:
  class Maker final : public IObjectMaker {
   public:
    explicit Maker(const S& serializer) noexcept : serializer_(serializer) {}
    Result<Found> make(ByteView bytes, std::shared_ptr<const void>& object) const override {
      T value{};
      auto found = serializer_.read(bytes, value);
      if (found.ok() && found.value() == Found::hit) object = std::move(value);
      return found;
    }

   private:
    const S& serializer_;
  };

  template <class Ask>
  static TypedLookup<T> shared_by(Ask&& ask) noexcept {
    std::shared_ptr<const void> object;
    const Result<Found> found = ask(object);
    if (!found.ok()) return TypedLookup<T>(found.error());
    if (found.value() != Found::hit) return TypedLookup<T>(found.value());
    return TypedLookup<T>(detail::SharedObject<T>::from(std::move(object)));
  }

  [[nodiscard]] TypedLookup<T> value_in(std::string_view key, const Value& bytes) const noexcept {
    if constexpr (detail::SharedObject<T>::is_one) {
      if (objects_)
        return shared_by(
            [&](auto& object) { return objects_->object_of(key, bytes, Maker(serializer_), object); });
    }
    return value_in(bytes);
  }
  [[nodiscard]] TypedLookup<T> value_in(const Value& bytes) const noexcept {
    return guarded<TypedLookup<T>>([&] {
      T value{};
      const auto read = serializer_.read(ByteView(bytes.text()), value);
      if (!read.ok()) return TypedLookup<T>(read.error());
      return read.value() == Found::hit ? TypedLookup<T>(std::move(value)) : TypedLookup<T>(read.value());
    });
  }

  template <class R, class Store>
  Result<R> with_bytes(const T& value, Store&& store) noexcept {
    return guarded<Result<R>>([&]() -> Result<R> {
      std::string bytes;
      if (const auto status = serializer_.write(value, bytes); !status.ok()) return status.error();
      return store(bytes);
    });
  }

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
  std::shared_ptr<IObjectTable> objects_;
};

}  // namespace cachesite
