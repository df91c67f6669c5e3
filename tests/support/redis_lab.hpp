#pragma once

/// Everything a Redis test can be run against, each private to the test and ready in seconds:
///
/// - one server: `RedisServer server;`
/// - TLS: `TestCertificates certificates; RedisServer server({.tls = certificates.server_tls()});`
/// - Sentinel, one master, two replicas, three sentinels: `SentinelLab lab;`
/// - Cluster, three masters with a replica each: `ClusterLab lab;`
#include "support/cluster_lab.hpp"
#include "support/redis_server.hpp"
#include "support/sentinel_lab.hpp"
#include "support/test_certificates.hpp"
