#include "contract/cache_contract.hpp"
#include "support/patient.hpp"
#include "support/redis_lab.hpp"

#include <cachesite/redis_cache.hpp>

#include <string>

namespace {

using namespace cachesite;

test::ClusterLab& cluster() {
  static test::ClusterLab instance;
  return instance;
}

test::SentinelLab& sentinel() {
  static test::SentinelLab instance;
  return instance;
}

test::CacheSubject make_subject(RedisCacheOptions options, const std::vector<test::RedisServer*>& masters) {
  for (auto* const master : masters)
    master->probe().flush();
  auto cache = std::make_shared<RedisCache>(std::move(options));
  cache->start();
  cache->await_started();
  test::CacheSubject subject;
  subject.cache = std::move(cache);
  auto probe = std::make_shared<test::RedisProbe>(masters.front()->address());
  subject.let_pass = [probe](std::chrono::milliseconds time) { probe->let_pass(time); };
  return subject;
}

const bool on_a_cluster = test::register_cache_contract("redis_on_a_cluster", [] {
  auto options = test::patient<RedisCacheOptions>();
  options.startup_nodes = {"127.0.0.1:" + std::to_string(cluster().node(0).port())};
  return make_subject(options, {&cluster().node(0), &cluster().node(1), &cluster().node(2)});
});

const bool behind_sentinels = test::register_cache_contract("redis_behind_sentinels", [] {
  auto options = test::patient<RedisCacheOptions>();
  for (const auto port : sentinel().sentinel_ports())
    options.sentinels.push_back("127.0.0.1:" + std::to_string(port));
  options.service_name = sentinel().service_name();
  return make_subject(options, {&sentinel().master()});
});

}  // namespace
