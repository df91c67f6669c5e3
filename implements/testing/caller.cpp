#include "testing/caller.hpp"

#include <cachesite/async_call.hpp>

#include <coroutine>
#include <exception>
#include <future>

namespace cachesite::testing {

namespace {

// A coroutine that begins at once, and passes its result on.
struct Awaiting {
  struct promise_type {
    Awaiting get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

template <class R>
Awaiting await(AsyncCall<R>& call, std::promise<R> to) {
  R result = co_await std::move(call);
  to.set_value(std::move(result));
}

}  // namespace

template <class Blocking, class Asynchronous>
auto Caller::call(Blocking blocking, Asynchronous asynchronous) const {
  using R = typename decltype(asynchronous())::result_type;
  if (form_ == CallForm::blocking) return R(blocking());
  if (form_ == CallForm::asynchronous) return asynchronous().wait();
  std::promise<R> promise;
  auto future = promise.get_future();
  auto call = asynchronous();
  await(call, std::move(promise));
  return future.get();
}

std::optional<Value> Caller::get_value(std::string_view key) const {
  return call([&] { return cache_->get_value(key); }, [&] { return cache_->async_get_value(key); });
}

bool Caller::set_value(std::string_view key, std::optional<ByteView> value, TimeToLive expire) const {
  return call([&] { return cache_->set_value(key, value, expire); },
              [&] { return cache_->async_set_value(key, value, expire); });
}

Lookup Caller::get(std::string_view key) const {
  return call([&] { return cache_->get(key); }, [&] { return cache_->async_get(key); });
}

Result<Found> Caller::read(std::string_view key, Value& destination) const {
  return call([&] { return cache_->read(key, destination); },
              [&] { return cache_->async_read(key, destination); });
}

Status Caller::write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) const {
  return call([&] { return cache_->write(key, value, time_to_live); },
              [&] { return cache_->async_write(key, value, time_to_live); });
}

Result<bool> Caller::add(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) const {
  return call([&] { return cache_->add(key, value, time_to_live); },
              [&] { return cache_->async_add(key, value, time_to_live); });
}

Result<bool> Caller::replace(std::string_view key, std::optional<ByteView> value,
                             TimeToLive time_to_live) const {
  return call([&] { return cache_->replace(key, value, time_to_live); },
              [&] { return cache_->async_replace(key, value, time_to_live); });
}

Result<std::int64_t> Caller::increment(std::string_view key, std::int64_t by, TimeToLive time_to_live) const {
  return call([&] { return cache_->increment(key, by, time_to_live); },
              [&] { return cache_->async_increment(key, by, time_to_live); });
}

Result<bool> Caller::remove(std::string_view key) const {
  return call([&] { return cache_->remove(key); }, [&] { return cache_->async_remove(key); });
}

Result<bool> Caller::contains(std::string_view key) const {
  return call([&] { return cache_->contains(key); }, [&] { return cache_->async_contains(key); });
}

Result<Remaining> Caller::time_to_live(std::string_view key) const {
  return call([&] { return cache_->time_to_live(key); }, [&] { return cache_->async_time_to_live(key); });
}

Result<bool> Caller::expire(std::string_view key, TimeToLive time_to_live) const {
  return call([&] { return cache_->expire(key, time_to_live); },
              [&] { return cache_->async_expire(key, time_to_live); });
}

Result<bool> Caller::persist(std::string_view key) const {
  return call([&] { return cache_->persist(key); }, [&] { return cache_->async_persist(key); });
}

void Caller::get_many(Keys keys, std::span<Lookup> results) const {
  (void)call([&] { return cache_->get_many(keys, results), Done{}; },
             [&] { return cache_->async_get_many(keys, results); });
}

void Caller::set_many(std::span<const CacheEntry> entries, std::span<Status> results) const {
  (void)call([&] { return cache_->set_many(entries, results), Done{}; },
             [&] { return cache_->async_set_many(entries, results); });
}

void Caller::remove_many(Keys keys, std::span<Result<bool>> results) const {
  (void)call([&] { return cache_->remove_many(keys, results), Done{}; },
             [&] { return cache_->async_remove_many(keys, results); });
}

void Caller::time_to_live_many(Keys keys, std::span<Result<Remaining>> results) const {
  (void)call([&] { return cache_->time_to_live_many(keys, results), Done{}; },
             [&] { return cache_->async_time_to_live_many(keys, results); });
}

Status Caller::scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) const {
  return call([&] { return cache_->scan(pattern, position, keys); },
              [&] { return cache_->async_scan(pattern, position, keys); });
}

Result<std::uint64_t> Caller::remove_matching(std::string_view pattern) const {
  return call([&] { return cache_->remove_matching(pattern); },
              [&] { return cache_->async_remove_matching(pattern); });
}

Status Caller::clear() const {
  return call([&] { return cache_->clear(); }, [&] { return cache_->async_clear(); });
}

Result<std::uint64_t> Caller::size() const {
  return call([&] { return cache_->size(); }, [&] { return cache_->async_size(); });
}

std::vector<Lookup> Caller::get_many(Keys keys) const {
  std::vector<Lookup> results(keys.size());
  get_many(keys, results);
  return results;
}

std::vector<Status> Caller::set_many(std::span<const CacheEntry> entries) const {
  std::vector<Status> results(entries.size(), Status(Done{}));
  set_many(entries, results);
  return results;
}

std::vector<Result<bool>> Caller::remove_many(Keys keys) const {
  std::vector<Result<bool>> results(keys.size(), Result<bool>(false));
  remove_many(keys, results);
  return results;
}

KeyRange Caller::keys(std::string_view pattern) const {
  return KeyRange(
      [caller = *this, text = std::string(pattern)](ScanPosition& position, std::vector<std::string>& found) {
        return caller.scan(text, position, found);
      });
}

}  // namespace cachesite::testing
