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
#include <cachesite/memory_backplane.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/memory_mutex_site.hpp>
#include <cachesite/memory_queue_site.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/null_cache.hpp>
#include <cachesite/open_telemetry_exporter.hpp>
#include <cachesite/open_telemetry_hook.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/redis_backplane.hpp>
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

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

// The one list of built-in classes. It is an ordinary function that the catalog's constructor calls, at the
// first time, so no linker can drop an entry.
void add_builtin_components(Catalog& catalog) {
  const auto preset_of_fivcglue = [](const char* parameter, const char* value) {
    return std::vector<std::pair<std::string, std::string>>{
        {parameter, value}, {"socket_timeout", "5s"}, {"socket_connect_timeout", "5s"}};
  };
  catalog.add<LogicalCache>("Cache").text(
      "One cache with its parts (store, copies in memory, tags, metrics ...), which the library puts in the "
      "right order.");
  catalog.add<CodecCache>("CodecCache").text("Compresses, encrypts and checks the values of another cache.");
  catalog.add<MemoryCache>("MemoryCache")
      .text("Keeps values in the memory of the process, up to a number of entries or bytes.")
      .alias("MemoryCacheImpl")
      .alias("fivcglue.implements.caches_mem.CacheImpl", {{"policy", "fifo"}});
  catalog.add<NullCache>("NullCache")
      .text("Stores nothing: switches caching off without a change of the program.");
  catalog.add<RedisCache>("RedisCache")
      .text("Keeps values on a Redis server; reads are misses while the server cannot be reached.")
      .alias("RedisCacheImpl")
      .alias("fivcglue.implements.caches_redis.CacheImpl", preset_of_fivcglue("null_as", "empty"));
  catalog.add<PrefixCache>("PrefixCache").text("Adds a prefix to every key of another cache.");
  catalog.add<MetricsCache>("MetricsCache").text("Counts and times the calls of another cache.");
  catalog.add<HookedCache>("HookedCache").text("Tells hooks about every call of another cache.");
  catalog.add<CompositeHook>("CompositeHook").text("Combines several hooks into one.");
  catalog.add<TaggedCache>("TaggedCache")
      .text("Gives the entries of another cache tags, and invalidates all entries of a tag with one call.");
  catalog.add<WritePolicyCache>("WritePolicyCache")
      .text("Writes the origin of the values together with another cache: through it, or behind it.");
  catalog.add<ExpiryCache>("ExpiryCache")
      .text("Gives the entries of another cache a TTL when calls give none, and limits all TTLs.");
  catalog.add<FailoverCache>("FailoverCache")
      .text("Keeps working while another cache fails: with a second cache, or as if it were empty.");
  catalog.add<RedisConnection>("RedisConnection")
      .text("Offers every command of a Redis server, and a connection that caches can share.");
  catalog.add<TieredCache>("TieredCache")
      .text("Keeps copies of a far cache in a near one, such as a MemoryCache.");
  catalog.add<MemoryBackplane>("MemoryBackplane")
      .text("Lets caches of one process tell each other about changes, so that their copies stay fresh.");
  catalog.add<RedisBackplane>("RedisBackplane")
      .text("Lets processes tell each other about changes, so that their copies in memory stay fresh.");
  catalog.add<RememberCache>("RememberCache")
      .text("Computes the missing values of another cache, once for all concurrent callers.");
  catalog.add<OpenTelemetryExporter>("OpenTelemetryExporter")
      .text("Sends traces and metrics to an OpenTelemetry collector.");
  catalog.add<OpenTelemetryHook>("OpenTelemetryHook")
      .text("Records the calls of a cache as spans of a trace.");
  catalog.add<EventLoop>("EventLoop")
      .text("Runs work and timers, on its own threads or within another event loop.");
  catalog.add<ConsoleLogger>("ConsoleLogger").text("Writes messages to the standard error stream.");

  catalog.add<MemoryMutexSite>("MemoryMutexSite").text("Provides mutexes for the threads of one process.");
  catalog.add<RedisMutexSite>("RedisMutexSite")
      .text("Provides mutexes for all processes that use one Redis server.")
      .alias("fivcglue.implements.mutexes_redis.MutexSiteImpl",
             preset_of_fivcglue("require_connection", "true"));
  catalog.add<MemoryQueueSite>("MemoryQueueSite")
      .text("Keeps queues of messages in the memory of one process.");
  catalog.add<RedisStreamQueueSite>("RedisStreamQueueSite")
      .text("Keeps queues of messages on a Redis server until they are acknowledged.");
  catalog.add<RedisPubSubQueueSite>("RedisPubSubQueueSite")
      .text("Sends every message to every connected consumer, by PUBLISH and SUBSCRIBE of Redis.")
      .alias("fivcglue.implements.queues_redis.QueueSiteImpl",
             preset_of_fivcglue("require_connection", "true"));
  catalog.add<TokenBucketLimiter>("TokenBucketLimiter")
      .text(
          "Limits how often something happens, and allows bursts: in the process, or for all programs on one "
          "Redis server.");
  catalog.add<SlidingWindowLimiter>("SlidingWindowLimiter")
      .text(
          "Limits how often something happens within every period of time: in the process, or for all "
          "programs on one Redis server.");
  catalog.add<TopicLoggerSite>("TopicLoggerSite")
      .text("Provides loggers by topic: levels, console, rotating files and JSON lines.")
      .alias("LoggerSite")
      .alias("fivcglue.implements.loggers_builtin.LoggerSiteImpl");
  catalog.add<JsonConfig>("JsonConfig")
      .text(
          "Reads settings from a JSON file of sessions with keys and values; a missing file counts as empty.")
      .alias("fivcglue.implements.configs_jsonfile.ConfigImpl");
  catalog.add<YamlConfig>("YamlConfig")
      .text(
          "Reads settings from a YAML file of sessions with keys and values; a missing file counts as empty.")
      .alias("fivcglue.implements.configs_yamlfile.ConfigImpl");
  catalog.add<TomlConfig>("TomlConfig")
      .text(
          "Reads settings from a TOML file of sessions with keys and values; a missing file counts as "
          "empty.");
  catalog.add<FileConfig>("FileConfig")
      .text(
          "Reads settings from a YAML, JSON or TOML file, by its extension; a missing file counts as empty.");
  catalog.add<EnvironmentConfig>("EnvironmentConfig")
      .text(
          "Reads settings from the environment: SHOP_REDIS__HOST is the key host of the session redis. Keys "
          "with a default have its type.");
  catalog.add<FixedConfig>("FixedConfig").text("Holds settings from the component file itself.");
  catalog.add<LayeredConfig>("LayeredConfig")
      .text("Combines several configurations; the last one that has a value wins.");

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

// Made once, since it takes longer than reading most files, and never destroyed: a site may be loaded while the
// program ends. Without a lock, since the program may fork meanwhile.
const Catalog& builtin_catalog() {
  static constinit std::atomic<const Catalog*> made{nullptr};
  if (const auto* const known = made.load(std::memory_order_acquire)) return *known;
  auto own = std::make_unique<Catalog>(Catalog::empty());
  add_builtin_components(*own);
  const Catalog* known = nullptr;
  if (made.compare_exchange_strong(known, own.get(), std::memory_order_acq_rel)) known = own.release();
  return *known;
}

}  // namespace

// Apart from the other functions of the catalog, so that a program whose catalog begins empty links none of
// these classes.
Catalog::Catalog(detail::HeaderVersion headers) {
  headers.require_library();
  *this = builtin_catalog();
}

}  // namespace cachesite
