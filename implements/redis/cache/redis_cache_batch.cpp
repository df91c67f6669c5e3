// The calls of a RedisCache that do many keys in one go.

#include "redis/cache/batch_rounds.hpp"

#include <cachesite/redis_cache.hpp>

#include <span>
#include <string_view>

namespace cachesite {

namespace {

template <class R>
CacheRequest request_of(CacheOperation operation, std::span<const std::string_view> keys,
                        std::span<R> results) noexcept {
  CacheRequest request(operation);
  request.keys = keys;
  request.results = results;
  return request;
}

}  // namespace

void RedisCache::do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) {
  do_read_with_life_many(keys, results, {}, {});
}

void RedisCache::do_read_with_life_many(std::span<const std::string_view> keys, std::span<Lookup> results,
                                        std::span<EntryLife> lives, const ReadLimits& limits) {
  auto request = request_of(CacheOperation::get_many, keys, results);
  request.lives = lives;
  redis::BatchRounds(*inner_, request).do_all(inner_->call_time(limits));
}

void RedisCache::do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) {
  CacheRequest request(CacheOperation::set_many);
  request.entries = entries;
  request.results = results;
  redis::BatchRounds(*inner_, request).do_all(inner_->call_time());
}

void RedisCache::do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) {
  auto request = request_of(CacheOperation::remove_many, keys, results);
  redis::BatchRounds(*inner_, request).do_all(inner_->call_time());
}

void RedisCache::do_time_to_live_many(std::span<const std::string_view> keys,
                                      std::span<Result<Remaining>> results) {
  auto request = request_of(CacheOperation::time_to_live_many, keys, results);
  redis::BatchRounds(*inner_, request).do_all(inner_->call_time());
}

}  // namespace cachesite
