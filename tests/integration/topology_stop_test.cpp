// What follows several servers stops without memory.

#include "redis/topology/cluster_topology.hpp"
#include "redis/topology/sentinel_topology.hpp"
#include "support/collecting_logger.hpp"
#include "support/failing_allocations.hpp"
#include "support/redis_lab.hpp"
#include "support/wait_until.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace std::chrono_literals;

namespace {

void stops_without_memory(Topology& topology, std::size_t servers) {
  topology.start();
  BOOST_REQUIRE(test::wait_until(
      [&] { return topology.health().state == HealthState::up && topology.statistics().size() == servers; },
      30s));
  {
    const test::FailingAllocations no_memory(test::FailingAllocations::On::this_thread, 0,
                                             test::FailingAllocations::all);
    topology.stop();
  }
  BOOST_TEST((topology.health().state == HealthState::down));
  BOOST_TEST(topology.statistics().size() == servers);
  for (const auto& server : topology.statistics())
    BOOST_TEST((server.state == RedisEndpointState::stopped), server.address);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(topology_stop)

BOOST_AUTO_TEST_CASE(a_cluster_is_left_without_memory) {
  const test::ClusterLab lab;
  ClusterOptions options;
  options.startup_nodes = {{"127.0.0.1", lab.ports().front(), {}}};
  ClusterTopology topology(std::move(options), "tested", std::make_shared<test::CollectingLogger>());
  stops_without_memory(topology, lab.ports().size());
}

BOOST_AUTO_TEST_CASE(sentinels_and_their_servers_are_left_without_memory) {
  const test::SentinelLab lab;
  SentinelOptions options;
  for (const auto port : lab.sentinel_ports())
    options.sentinels.push_back({"127.0.0.1", port, {}});
  options.service_name = lab.service_name();
  options.read_from_replicas = true;
  SentinelTopology topology(std::move(options), "tested", std::make_shared<test::CollectingLogger>());
  stops_without_memory(topology, lab.servers());
}

BOOST_AUTO_TEST_SUITE_END()
