#include "support/cluster_lab.hpp"
#include "support/process.hpp"
#include "support/redis_server.hpp"
#include "support/reserved_port.hpp"
#include "support/sentinel_lab.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_certificates.hpp"

#include <cachesite/catalog.hpp>

#include <cstdlib>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite::test;
using namespace std::chrono_literals;

// Children end by call, stop, reset, reload, new thread then reset, exit and return, each within 3 s, while
// the parent has everything in use: see programs/fork_worker.cpp.

namespace {

const std::string in_memory = R"(
- class: MemoryCache
  entries: [{interface: ICache, name: memory}]
- class: NullCache
  entries: [{interface: ICache, name: none}]
- class: PrefixCache
  entries: [{interface: ICache, name: prefixed}]
  over: memory
  prefix: "shop:"
- class: MetricsCache
  entries: [{interface: ICache, name: measured}]
  over: memory
- class: ExpiryCache
  entries: [{interface: ICache, name: limited}]
  over: memory
  ttl: 1m
- class: Cache
  entries: [{interface: ICache, name: whole}]
  store: {class: MemoryCache}
  ttl: 1m
  near: true
  codec: {compression: zlib}
  tags: true
  remember: true
  metrics: true
- class: MemoryBackplane
  entries: [{interface: IBackplane, name: here}]
- class: TieredCache
  entries: [{interface: ICache, name: told-here}]
  over: memory
  near: copies-here
  coherence: {mode: backplane, backplane: here}
- class: MemoryCache
  entries: [{interface: ICache, name: copies-here}]
- class: CompositeHook
  entries: [{interface: ICacheHook, name: hooks}]
  hooks: []
- class: EventLoop
  entries: [{interface: IEventLoop, name: loop}]
  threads: 2
- class: OpenTelemetryExporter
  entries: [{interface: ITelemetry, name: telemetry}]
  endpoint: http://127.0.0.1:1
  service_name: shop
  sample_ratio: 1
  flush_every: 10ms
  metrics_interval: 10ms
- class: OpenTelemetryHook
  entries: [{interface: ICacheHook, name: traces}]
  telemetry: telemetry
- class: HookedCache
  entries: [{interface: ICache, name: hooked}]
  over: memory
  hooks: [hooks, traces]
- class: CodecCache
  entries: [{interface: ICache, name: coded}]
  over: memory
  compression: zlib
- class: MemoryCache
  entries: [{interface: ICache, name: tagged-store}]
- class: TaggedCache
  entries: [{interface: ICache, name: tagged}, {interface: ITaggedCache, name: tagged}]
  over: tagged-store
- class: MemoryCache
  entries: [{interface: ICache, name: spare}]
- class: FailoverCache
  entries: [{interface: ICache, name: failover}]
  over: memory
  failover: spare
- class: TieredCache
  entries: [{interface: ICache, name: tiered}]
  over: memory
  near: spare
- class: MemoryCache
  entries: [{interface: ICache, name: computed-store}]
- class: RememberCache
  entries: [{interface: ICache, name: computed}, {interface: IComputingCache, name: computed}]
  over: computed-store
- class: WritePolicyCache
  entries: [{interface: ICache, name: written}, {interface: IWritePolicyCache, name: written}]
  over: spare
- class: MemoryMutexSite
  entries: [{interface: IMutexSite, name: mutexes}]
- class: MemoryQueueSite
  entries: [{interface: IQueueSite, name: queues}]
- class: TokenBucketLimiter
  entries: [{interface: IRateLimiter, name: bucket}]
  rate: 100/hour
- class: SlidingWindowLimiter
  entries: [{interface: IRateLimiter, name: window}]
  rate: 100/hour
- class: MemoryCache
  entries: [{interface: ICache, name: late}]
  lazy: true
)";

const std::string logs_and_settings = R"(
- class: ConsoleLogger
  entries: [{interface: ILogger, name: console}]
  level: critical
- class: TopicLoggerSite
  entries: [{interface: ILoggerSite}, {interface: ILogger, name: file}]
  level: info
  sinks:
    - {kind: file, path: "FOLDER/fork.log", max_bytes: 10KiB, old_files: 1}
    - {kind: file, path: "FOLDER/fork.jsonl", format: json}
- class: FixedConfig
  entries: [{interface: IConfig, name: fixed}]
  values: ["redis.host=localhost"]
- class: JsonConfig
  entries: [{interface: IConfig, name: json}]
  path: FOLDER/settings.json
- class: YamlConfig
  entries: [{interface: IConfig, name: yaml}]
  path: FOLDER/settings.yml
- class: TomlConfig
  entries: [{interface: IConfig, name: toml}]
  path: FOLDER/settings.toml
- class: FileConfig
  entries: [{interface: IConfig, name: file}]
  path: FOLDER/settings.toml
- class: EnvironmentConfig
  entries: [{interface: IConfig, name: environment}]
  prefix: SHOP_
- class: LayeredConfig
  entries: [{interface: IConfig}]
  layers: [fixed, json, yaml, toml, file, environment]
)";

const std::string cache = R"(
- class: RedisCache
  entries: [{interface: ICache}, {interface: IRedisStatistics}]
  health_check_interval: 20ms
  socket_timeout: 5s
  socket_connect_timeout: 5s
)";

const std::string on_one_server = R"(
- class: RedisConnection
  entries: [{interface: IRedis, name: main}, {interface: IRedisStatistics, name: main}]
  port: PORT
  health_check_interval: 20ms
  socket_timeout: 5s
  socket_connect_timeout: 5s
- class: RedisCache
  entries: [{interface: ICache, name: store}]
  connection: main
- class: RedisMutexSite
  entries: [{interface: IMutexSite, name: shared}]
  connection: main
- class: RedisMutexSite
  entries: [{interface: IMutexSite, name: own}]
  port: PORT
  socket_timeout: 5s
  socket_connect_timeout: 5s
  prefix: "own:"
- class: RedisStreamQueueSite
  entries: [{interface: IQueueSite, name: jobs}]
  connection: main
- class: RedisPubSubQueueSite
  entries: [{interface: IQueueSite, name: news}]
  port: PORT
  socket_timeout: 5s
  socket_connect_timeout: 5s
  prefix: "news:"
- class: TokenBucketLimiter
  entries: [{interface: IRateLimiter, name: shared-bucket}]
  rate: 100/hour
  connection: main
  without_server: local
  timeout: 10s
- class: SlidingWindowLimiter
  entries: [{interface: IRateLimiter, name: own-window}]
  rate: 100/hour
  port: PORT
  timeout: 10s
- class: TieredCache
  entries: [{interface: ICache, name: tiered}]
  over: store
  near: near
- class: RedisBackplane
  entries: [{interface: IBackplane, name: bus}]
  connection: main
  channel: shop
- class: TieredCache
  entries: [{interface: ICache, name: told}]
  over: store
  near: copies
  coherence: {mode: backplane, backplane: bus}
- class: MemoryCache
  entries: [{interface: ICache, name: copies}]
- class: MemoryCache
  entries: [{interface: ICache, name: near}]
- class: RememberCache
  entries: [{interface: ICache, name: computed}, {interface: IComputingCache, name: computed}]
  over: store
  locks: shared
- class: WritePolicyCache
  entries: [{interface: ICache, name: written}, {interface: IWritePolicyCache, name: written}]
  over: store
)";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

std::string rounds() {
  const char* const wanted = std::getenv("CACHESITE_FORK_ROUNDS");
  return wanted != nullptr ? wanted : "2";
}

void check(const std::string& components, bool down = false) {
  const TemporaryDirectory folder;
  const auto file = folder.write("components.yml", replaced(components, "FOLDER", folder.path().string()));
  std::vector<std::string> command{CACHESITE_FORK_WORKER, file, rounds()};
  if (down) command.emplace_back("down");
  Process program(std::move(command));
  const auto status = program.wait_for_exit(280s);
  BOOST_TEST(status.has_value());
  BOOST_TEST(status.value_or(-1) == 0, program.output() << program.errors());
}

std::string list_of(const std::vector<std::uint16_t>& ports) {
  std::string list;
  for (const auto port : ports)
    list += (list.empty() ? "127.0.0.1:" : ", 127.0.0.1:") + std::to_string(port);
  return "[" + list + "]";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fork_matrix)

BOOST_AUTO_TEST_CASE(every_class_of_the_catalog_takes_part) {
  const std::string all = in_memory + logs_and_settings + cache + on_one_server;
  for (const auto& each : cachesite::Catalog().classes())
    BOOST_TEST((all.find("class: " + each->name + "\n") != std::string::npos), each->name);
}

BOOST_AUTO_TEST_CASE(children_of_a_process_with_caches_mutexes_and_queues_in_memory_end) {
  check(in_memory);
}

BOOST_AUTO_TEST_CASE(children_of_a_process_with_log_files_and_settings_end) {
  check(logs_and_settings);
}

BOOST_AUTO_TEST_CASE(children_of_a_process_with_everything_on_one_server_end) {
  const RedisServer server;
  check(replaced(on_one_server, "PORT", std::to_string(server.port())));
}

BOOST_AUTO_TEST_CASE(children_of_a_process_with_a_heartbeat_over_tls_end) {
  const TestCertificates certificates;
  RedisServerOptions options;
  options.tls = certificates.server_tls();
  const RedisServer server(options);
  check(cache + "  port: " + std::to_string(server.tls_port()) +
        "\n  ssl: true\n  ssl_ca_certs: " + certificates.authority_file() + "\n");
}

BOOST_AUTO_TEST_CASE(children_of_a_process_whose_server_is_away_end) {
  const ReservedPort nobody;
  check(cache + "  port: " + std::to_string(nobody.number()) + "\n", true);
}

BOOST_AUTO_TEST_CASE(children_of_a_process_with_sentinels_end) {
  SentinelLabOptions options;
  options.replicas = 1;
  options.sentinels = 2;
  SentinelLab lab(options);
  check(cache + "  service_name: mymaster\n  read_from_replicas: true\n  sentinels: " +
        list_of(lab.sentinel_ports()) + "\n");
}

BOOST_AUTO_TEST_CASE(children_of_a_process_with_a_cluster_end) {
  ClusterLabOptions options;
  options.replicas_per_master = 0;
  ClusterLab lab(options);
  check(cache + "  startup_nodes: " + list_of(lab.ports()) + "\n");
}

BOOST_AUTO_TEST_SUITE_END()
