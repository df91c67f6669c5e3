#include <cachesite/catalog.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/composite_hook.hpp>
#include <cachesite/console_logger.hpp>
#include <cachesite/environment_config.hpp>
#include <cachesite/event_loop.hpp>
#include <cachesite/expiry_cache.hpp>
#include <cachesite/failover_cache.hpp>
#include <cachesite/file_config.hpp>
#include <cachesite/fixed_config.hpp>
#include <cachesite/hooked_cache.hpp>
#include <cachesite/layered_config.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/memory_mutex_site.hpp>
#include <cachesite/memory_queue_site.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/null_cache.hpp>
#include <cachesite/open_telemetry_exporter.hpp>
#include <cachesite/open_telemetry_hook.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/redis_cache.hpp>
#include <cachesite/redis_connection.hpp>
#include <cachesite/redis_mutex_site.hpp>
#include <cachesite/redis_pubsub_queue_site.hpp>
#include <cachesite/redis_stream_queue_site.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/sliding_window_limiter.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/tiered_cache.hpp>
#include <cachesite/token_bucket_limiter.hpp>
#include <cachesite/topic_logger_site.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <string>

namespace cachesite {

namespace {

// The one list of built-in classes. It is an ordinary function that the catalog's constructor calls, so no
// linker can drop an entry.
void add_builtin_components(Catalog& catalog) {
  catalog.add<LogicalCache>("Cache").text(
      "One cache with the parts that it names, such as a store, copies in memory, tags and metrics, in the "
      "order that is right.");
  catalog.add<CodecCache>("CodecCache").text("Compresses, encrypts and checks the values of another cache.");
  catalog.add<MemoryCache>("MemoryCache")
      .text("Keeps values in the memory of the process, up to a number of entries or bytes.")
      .alias("MemoryCacheImpl")
      .alias("fivcglue.implements.caches_mem.CacheImpl", {{"policy", "fifo"}});
  catalog.add<NullCache>("NullCache")
      .text("Keeps nothing: switches caching off without touching the program.");
  catalog.add<RedisCache>("RedisCache")
      .text("Keeps values on a Redis server; reads are misses while the server cannot be reached.")
      .alias("RedisCacheImpl")
      .alias("fivcglue.implements.caches_redis.CacheImpl", {{"null_as", "empty"}});
  catalog.add<PrefixCache>("PrefixCache").text("Adds a prefix to every key of another cache.");
  catalog.add<MetricsCache>("MetricsCache").text("Counts and times the calls of another cache.");
  catalog.add<HookedCache>("HookedCache").text("Tells hooks about every call of another cache.");
  catalog.add<CompositeHook>("CompositeHook").text("Makes one hook of several.");
  catalog.add<TaggedCache>("TaggedCache")
      .text("Gives the entries of another cache tags, and invalidates all entries of a tag with one call.");
  catalog.add<WritePolicyCache>("WritePolicyCache")
      .text("Writes the origin of values together with another cache: through it, or behind it.");
  catalog.add<ExpiryCache>("ExpiryCache")
      .text("Gives the entries of another cache their TTLs where calls give none, and limits those that do.");
  catalog.add<FailoverCache>("FailoverCache")
      .text("Keeps working while another cache fails: with a second cache, or as if it were empty.");
  catalog.add<RedisConnection>("RedisConnection")
      .text("Offers every command of a Redis server, and a connection that caches share.");
  catalog.add<TieredCache>("TieredCache")
      .text("Keeps copies in a near cache, such as one in memory, in front of a far one.");
  catalog.add<RememberCache>("RememberCache")
      .text("Computes what another cache does not have, once for all who ask at the same time.");
  catalog.add<OpenTelemetryExporter>("OpenTelemetryExporter")
      .text("Sends traces and metrics to a collector of OpenTelemetry.");
  catalog.add<OpenTelemetryHook>("OpenTelemetryHook")
      .text("Records the calls of a cache as spans of a trace.");
  catalog.add<EventLoop>("EventLoop")
      .text("Runs asynchronous calls, on threads of its own or within another event loop.");
  catalog.add<ConsoleLogger>("ConsoleLogger").text("Writes messages to the standard error stream.");

  catalog.add<MemoryMutexSite>("MemoryMutexSite").text("Hands out mutexes among the threads of one process.");
  catalog.add<RedisMutexSite>("RedisMutexSite")
      .text("Hands out mutexes among all processes that use one Redis server.")
      .alias("fivcglue.implements.mutexes_redis.MutexSiteImpl", {{"require_connection", "true"}});
  catalog.add<MemoryQueueSite>("MemoryQueueSite").text("Keeps queues of messages within one process.");
  catalog.add<RedisStreamQueueSite>("RedisStreamQueueSite")
      .text("Keeps queues of messages on a Redis server until they are acknowledged.");
  catalog.add<RedisPubSubQueueSite>("RedisPubSubQueueSite")
      .text("Hands every message to every consumer that is there, over publish and subscribe of Redis.")
      .alias("fivcglue.implements.queues_redis.QueueSiteImpl", {{"require_connection", "true"}});
  catalog.add<TokenBucketLimiter>("TokenBucketLimiter")
      .text(
          "Limits how often something is done, with bursts: in the process, or among all on one Redis "
          "server.");
  catalog.add<SlidingWindowLimiter>("SlidingWindowLimiter")
      .text(
          "Limits how often something is done within any stretch of time: in the process, or among all on "
          "one "
          "Redis server.");
  catalog.add<TopicLoggerSite>("TopicLoggerSite")
      .text("Gives out loggers by topic: levels, console, rotating files and JSON lines.")
      .alias("LoggerSite")
      .alias("fivcglue.implements.loggers_builtin.LoggerSiteImpl");
  catalog.add<JsonConfig>("JsonConfig")
      .text(
          "Reads settings from a JSON file of sessions with keys and values; a missing file is an empty one.")
      .alias("fivcglue.implements.configs_jsonfile.ConfigImpl");
  catalog.add<YamlConfig>("YamlConfig")
      .text(
          "Reads settings from a YAML file of sessions with keys and values; a missing file is an empty one.")
      .alias("fivcglue.implements.configs_yamlfile.ConfigImpl");
  catalog.add<TomlConfig>("TomlConfig")
      .text(
          "Reads settings from a TOML file of sessions with keys and values; a missing file is an empty "
          "one.");
  catalog.add<FileConfig>("FileConfig")
      .text(
          "Reads settings from a YAML, JSON or TOML file, as its extension says; a missing file is an empty "
          "one.");
  catalog.add<EnvironmentConfig>("EnvironmentConfig")
      .text(
          "Offers the environment as a configuration: SHOP_REDIS__HOST is the key host of the session "
          "redis; keys with a default have its type.");
  catalog.add<FixedConfig>("FixedConfig").text("Holds settings that stand in the component file itself.");
  catalog.add<LayeredConfig>("LayeredConfig")
      .text("Lays several configurations over each other; the last one wins.");

  const std::string interfaces = "fivcglue.interfaces.";
  for (const auto& [module, name] : {std::pair{"caches", "ICache"},
                                     {"configs", "IConfig"},
                                     {"configs", "IConfigSession"},
                                     {"loggers", "ILogger"},
                                     {"loggers", "ILoggerSite"},
                                     {"mutexes", "IMutex"},
                                     {"mutexes", "IMutexSite"},
                                     {"queues", "IQueueProducer"},
                                     {"queues", "IQueueConsumer"},
                                     {"queues", "IQueueSite"}})
    catalog.add_interface_alias(interfaces + module + "." + name, name);
}

}  // namespace

// Apart from the other functions of the catalog, so that a program whose catalog begins empty links none of
// these classes.
Catalog::Catalog() {
  add_builtin_components(*this);
}

}  // namespace cachesite
