#include "async/batch_call.hpp"
#include "async/cache_access.hpp"
#include "async/read_call.hpp"
#include "async/single_call.hpp"
#include "async/workers.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/cache.hpp>

#include <cstddef>
#include <utility>

namespace cachesite {

using async::BatchCall;
using async::CacheAccess;
using async::ReadCall;
using async::ScanCall;
using async::SingleCall;

namespace detail {
const CallOptions usual_call_options;
}

namespace {

// A read of a cache that never waits.
struct ImmediateRead {
  ICache* cache;
  const char* key_data;  // apart from its size, since two words are stored more quickly than a view
  std::size_t key_size;
  [[nodiscard]] std::string_view key() const noexcept { return {key_data, key_size}; }
  template <class Operation>
  [[nodiscard]] detail::AsyncOperation* make(void* place, Value* destination) const noexcept {
    return new (place) Operation(*cache, key(), destination, std::nullopt);
  }
};
struct ImmediateGet : ImmediateRead {
  [[nodiscard]] Lookup call() const noexcept {
    Value value;
    const auto found = CacheAccess::read_at_once(*cache, key(), value);
    return found.ok() ? Lookup(found.value(), std::move(value)) : Lookup(found.error());
  }
  [[nodiscard]] detail::AsyncOperation* defer(void* place) const noexcept {
    return make<ReadCall<Lookup>>(place, nullptr);
  }
};
struct ImmediateGetValue : ImmediateRead {
  [[nodiscard]] std::optional<Value> call() const noexcept {
    std::optional<Value> value(std::in_place);
    const auto found = CacheAccess::read_at_once(*cache, key(), *value);
    if (!found.ok() || found.value() != Found::hit) value.reset();
    return value;
  }
  [[nodiscard]] detail::AsyncOperation* defer(void* place) const noexcept {
    return make<ReadCall<std::optional<Value>>>(place, nullptr);
  }
};
struct ImmediateReadInto : ImmediateRead {
  Value* destination;
  [[nodiscard]] Result<Found> call() const noexcept {
    return CacheAccess::read_at_once(*cache, key(), *destination);
  }
  [[nodiscard]] detail::AsyncOperation* defer(void* place) const noexcept {
    return make<ReadCall<Result<Found>>>(place, destination);
  }
};

// Not inlined, since a hit in memory does not come here.
template <class R>
[[gnu::noinline]] AsyncCall<R> read_call(ICache& cache, std::string_view key, Value* destination,
                                         const CallOptions& options) {
  return AsyncCall<R>(std::in_place_type<ReadCall<R>>, options, cache, key, destination, options.patience);
}

template <class R>
AsyncCall<R> single_call(ICache& cache, const CacheRequest& request, const CallOptions& options) {
  return AsyncCall<R>(std::in_place_type<SingleCall<R>>, options, cache, request, options.patience);
}

template <class R>
AsyncCall<Status> batch_call(ICache& cache, CacheOperation operation, std::span<const std::string_view> keys,
                             std::span<R> results, const CallOptions& options) {
  CacheRequest request(operation);
  request.keys = keys;
  request.results = results;
  return AsyncCall<Status>(std::in_place_type<BatchCall>, options, cache, request, options.patience);
}

}  // namespace

inline ICache& AsyncCacheCalls::self() noexcept {
  return static_cast<ICache&>(*this);
}

bool AsyncCacheCalls::look_whether_it_waits() const noexcept {
  const bool waits = may_wait();
  waits_.store(waits ? Waits::perhaps : Waits::never, std::memory_order_relaxed);
  return !waits;
}

bool AsyncCacheCalls::do_begin_async(AsyncRequest& request) {
  ICache& cache = self();
  if (!never_waits() && !async::Workers::on_worker()) return async::Workers::shared()->begin(cache, request);
  CacheAccess::perform(cache, request.request());
  return true;
}

AsyncCall<std::optional<Value>> AsyncCacheCalls::async_get_value(std::string_view key,
                                                                 const Options& options) {
  if (never_waits()) [[likely]]
    return {options, ImmediateGetValue{{&self(), key.data(), key.size()}}};
  return read_call<std::optional<Value>>(self(), key, nullptr, options);
}

AsyncCall<bool> AsyncCacheCalls::async_set_value(std::string_view key, std::optional<ByteView> value,
                                                 TimeToLive expire, const Options& options) {
  return single_call<bool>(self(), {CacheOperation::write, key, value, expire}, options);
}

AsyncCall<Lookup> AsyncCacheCalls::async_get(std::string_view key, const Options& options) {
  if (never_waits()) [[likely]]
    return {options, ImmediateGet{{&self(), key.data(), key.size()}}};
  return read_call<Lookup>(self(), key, nullptr, options);
}

AsyncCall<Result<Found>> AsyncCacheCalls::async_read(std::string_view key, Value& destination,
                                                     const Options& options) {
  if (never_waits()) [[likely]]
    return {options, ImmediateReadInto{{&self(), key.data(), key.size()}, &destination}};
  return read_call<Result<Found>>(self(), key, &destination, options);
}

AsyncCall<Status> AsyncCacheCalls::async_write(std::string_view key, std::optional<ByteView> value,
                                               TimeToLive time_to_live, const Options& options) {
  return single_call<Status>(self(), {CacheOperation::write, key, value, time_to_live}, options);
}

AsyncCall<Result<bool>> AsyncCacheCalls::async_add(std::string_view key, std::optional<ByteView> value,
                                                   TimeToLive time_to_live, const Options& options) {
  return single_call<Result<bool>>(self(), {CacheOperation::add, key, value, time_to_live}, options);
}

AsyncCall<Result<bool>> AsyncCacheCalls::async_replace(std::string_view key, std::optional<ByteView> value,
                                                       TimeToLive time_to_live, const Options& options) {
  return single_call<Result<bool>>(self(), {CacheOperation::replace, key, value, time_to_live}, options);
}

AsyncCall<Result<std::int64_t>> AsyncCacheCalls::async_increment(std::string_view key, std::int64_t by,
                                                                 TimeToLive time_to_live,
                                                                 const Options& options) {
  return single_call<Result<std::int64_t>>(self(), {CacheOperation::increment, key, by, time_to_live},
                                           options);
}

AsyncCall<Result<bool>> AsyncCacheCalls::async_remove(std::string_view key, const Options& options) {
  return single_call<Result<bool>>(self(), {CacheOperation::remove, key}, options);
}

AsyncCall<Result<bool>> AsyncCacheCalls::async_contains(std::string_view key, const Options& options) {
  return single_call<Result<bool>>(self(), {CacheOperation::contains, key}, options);
}

AsyncCall<Result<Remaining>> AsyncCacheCalls::async_time_to_live(std::string_view key,
                                                                 const Options& options) {
  return single_call<Result<Remaining>>(self(), {CacheOperation::time_to_live, key}, options);
}

AsyncCall<Result<bool>> AsyncCacheCalls::async_expire(std::string_view key, TimeToLive time_to_live,
                                                      const Options& options) {
  return single_call<Result<bool>>(self(), {CacheOperation::expire, key, std::nullopt, time_to_live},
                                   options);
}

AsyncCall<Result<bool>> AsyncCacheCalls::async_persist(std::string_view key, const Options& options) {
  return single_call<Result<bool>>(self(), {CacheOperation::persist, key}, options);
}

AsyncCall<Status> AsyncCacheCalls::async_get_many(Keys keys, std::span<Lookup> results,
                                                  const Options& options) {
  return batch_call(self(), CacheOperation::get_many, keys, results, options);
}

AsyncCall<Status> AsyncCacheCalls::async_set_many(std::span<const CacheEntry> entries,
                                                  std::span<Status> results, const Options& options) {
  CacheRequest request(CacheOperation::set_many);
  request.entries = entries;
  request.results = results;
  return AsyncCall<Status>(std::in_place_type<BatchCall>, options, self(), request, options.patience);
}

AsyncCall<Status> AsyncCacheCalls::async_remove_many(Keys keys, std::span<Result<bool>> results,
                                                     const Options& options) {
  return batch_call(self(), CacheOperation::remove_many, keys, results, options);
}

AsyncCall<Status> AsyncCacheCalls::async_time_to_live_many(Keys keys, std::span<Result<Remaining>> results,
                                                           const Options& options) {
  return batch_call(self(), CacheOperation::time_to_live_many, keys, results, options);
}

AsyncCall<Status> AsyncCacheCalls::async_scan(std::string_view pattern, ScanPosition& position,
                                              std::vector<std::string>& keys, const Options& options) {
  return AsyncCall<Status>(std::in_place_type<ScanCall>, options, self(), pattern, position, keys,
                           options.patience);
}

AsyncCall<Result<std::uint64_t>> AsyncCacheCalls::async_remove_matching(std::string_view pattern,
                                                                        const Options& options) {
  return single_call<Result<std::uint64_t>>(self(), {CacheOperation::remove_matching, pattern}, options);
}

AsyncCall<Status> AsyncCacheCalls::async_clear(const Options& options) {
  return single_call<Status>(self(), {CacheOperation::clear}, options);
}

AsyncCall<Result<std::uint64_t>> AsyncCacheCalls::async_size(const Options& options) {
  return single_call<Result<std::uint64_t>>(self(), {CacheOperation::size}, options);
}

}  // namespace cachesite
