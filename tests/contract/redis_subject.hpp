#pragma once

#include "contract/cache_contract.hpp"
#include "support/patient.hpp"
#include "support/redis_server.hpp"

#include <cachesite/redis_cache.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace cachesite::test {

/// The server of a program of contracts.
inline RedisServer& contract_server() {
  static RedisServer instance;
  return instance;
}

/// A started cache on a server that is empty; time passes for its entries on the server.
inline CacheSubject redis_subject(RedisCacheOptions options) {
  auto probe = std::make_shared<RedisProbe>(contract_server().address());
  probe->flush();
  auto cache = std::make_shared<RedisCache>(std::move(options));
  cache->start();
  cache->await_started();
  CacheSubject subject;
  subject.cache = std::move(cache);
  subject.let_pass = [probe](std::chrono::milliseconds time) { probe->let_pass(time); };
  return subject;
}

/// The same by the socket of the server, with a prefix.
inline CacheSubject redis_subject(const std::string& prefix) {
  auto options = patient<RedisCacheOptions>();
  options.unix_socket_path = contract_server().unix_socket_path();
  options.prefix = prefix;
  return redis_subject(std::move(options));
}

}  // namespace cachesite::test
