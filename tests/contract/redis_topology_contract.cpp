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

test::CacheSubject on_the_cluster(testing::CallForm form = testing::CallForm::blocking) {
  auto options = test::patient<RedisCacheOptions>();
  options.startup_nodes = {"127.0.0.1:" + std::to_string(cluster().node(0).port())};
  auto subject = make_subject(options, {&cluster().node(0), &cluster().node(1), &cluster().node(2)});
  subject.form = form;
  return subject;
}

test::CacheSubject behind_the_sentinels(testing::CallForm form = testing::CallForm::blocking) {
  auto options = test::patient<RedisCacheOptions>();
  for (const auto port : sentinel().sentinel_ports())
    options.sentinels.push_back("127.0.0.1:" + std::to_string(port));
  options.service_name = sentinel().service_name();
  auto subject = make_subject(options, {&sentinel().master()});
  subject.form = form;
  return subject;
}

const bool on_a_cluster =
    test::register_cache_contract("redis_on_a_cluster", [] { return on_the_cluster(); });
const bool behind_sentinels =
    test::register_cache_contract("redis_behind_sentinels", [] { return behind_the_sentinels(); });
const bool on_a_cluster_in_coroutines = test::register_cache_contract(
    "redis_on_a_cluster_in_coroutines", [] { return on_the_cluster(testing::CallForm::coroutine); });
const bool behind_sentinels_in_coroutines =
    test::register_cache_contract("redis_behind_sentinels_in_coroutines",
                                  [] { return behind_the_sentinels(testing::CallForm::coroutine); });

}  // namespace
