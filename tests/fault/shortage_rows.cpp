#include "shortage_rows.hpp"

#include "support/redis_lab.hpp"
#include "support/wait_until.hpp"

#include <cachesite/cachesite.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <utility>

namespace cachesite::test {

namespace {

using namespace std::chrono_literals;
using Use = std::function<std::optional<std::string>(ComponentSite&)>;

RedisServer& server() {
  static RedisServer instance;
  return instance;
}

SentinelLab& sentinels() {
  static SentinelLab instance(SentinelLabOptions{.replicas = 1, .down_after = 1s});
  return instance;
}

ClusterLab& cluster() {
  static ClusterLab instance(ClusterLabOptions{.replicas_per_master = 0});
  return instance;
}

std::string fresh_name() {
  static std::atomic<int> number{0};
  return "name:" + std::to_string(++number);
}

std::optional<std::string> text_of(const Error& error) {
  return std::string(error.message());
}

template <class Interface>
Use used_as(std::optional<std::string> (*use)(Interface&)) {
  return [use](ComponentSite& site) { return use(*site.get_component<Interface>()); };
}

std::optional<std::string> store_and_read(ICache& cache) {
  const auto key = fresh_name();
  const auto stored = cache.write(key, ByteView("value"), 1min);
  if (!stored.ok()) return text_of(stored.error());
  Value value;
  const auto found = cache.read(key, value);
  if (!found.ok()) return text_of(found.error());
  return found.value() == Found::hit && value.text() == "value"
             ? std::nullopt
             : std::optional<std::string>("it is not there");
}

std::optional<std::string> keep_nothing(ICache& cache) {
  Value value;
  const auto found = cache.read(fresh_name(), value);
  return found.ok() ? std::nullopt : text_of(found.error());
}

// Held for long, so that one that is orphaned is in the way of the next.
std::optional<std::string> take_and_release(IMutexSite& site) {
  const auto mutex = site.get_mutex("the same for all");
  MutexRequest request;
  request.wait = 3s;
  const auto taken = mutex->take(request);
  if (!taken.ok()) return text_of(taken.error());
  if (!taken.value()) return "somebody else has the mutex";
  const auto renewed = taken.value()->renew();
  if (!renewed.ok()) return text_of(renewed.error());
  const auto released = taken.value()->release();
  if (!released.ok()) return text_of(released.error());
  MutexRequest shared;
  shared.mode = MutexMode::shared;
  shared.wait = 3s;
  const auto reading = mutex->take(shared);
  if (!reading.ok()) return text_of(reading.error());
  return reading.value() ? std::nullopt
                         : std::optional<std::string>("somebody else has the mutex for writing");
}

std::optional<std::string> send_and_receive(IQueueSite& site) {
  const auto name = fresh_name();
  const auto consumer = site.get_consumer(name);
  const auto sent = site.get_producer(name)->send(ByteView("message"));
  if (!sent.ok()) return text_of(sent.error());
  auto received = consumer->receive(3s);
  if (!received.ok()) return text_of(received.error());
  if (!received.value()) return "no message came";
  const auto done = received.value()->text() == "message"
                        ? std::move(*std::move(received).value()).acknowledge()
                        : Status(Error(ErrorCode::corrupt, "another message"));
  return done.ok() ? std::nullopt : text_of(done.error());
}

std::optional<std::string> hear_own_messages(IBackplane& backplane) {
  struct Listener final : IBackplaneListener {
    void on_changes(std::span<const BackplaneChange>) noexcept override {}
    void on_state(const BackplaneState& state) noexcept override { epoch = state.epoch; }
    void on_proven(std::int64_t) noexcept override {}
    std::atomic<std::uint32_t> epoch{0};
  } listener;
  const auto watch = backplane.watch(listener, 100ms);
  const BackplaneChange change{ChangeAction::set, "key"};
  watch->publish({&change, 1});
  return wait_until([&] { return listener.epoch != 0; }, 3s) ? std::nullopt : std::optional(watch->reason());
}

std::optional<std::string> take_from_a_limit(IRateLimiter& limiter) {
  const auto key = fresh_name();
  const auto first = limiter.acquire(key, 2);
  if (!first.ok()) return text_of(first.error());
  if (first.value().without_server) return "the server was not asked";
  if (!first.value().allowed) return "a new key has nothing left";
  const auto second = limiter.acquire(key);
  if (!second.ok()) return text_of(second.error());
  if (second.value().allowed) return "more was allowed than the limit";
  const auto reset = limiter.reset(key);
  return reset.ok() ? std::nullopt : text_of(reset.error());
}

std::optional<std::string> write_behind(IWritePolicyCache& cache) {
  std::atomic<bool> written{false};
  const auto queued = cache.write_behind(fresh_name(), ByteView("value"), 1min, [&](std::string_view, auto) {
    written = true;
    return Status(Done{});
  });
  const auto flushed = cache.flush(10s);
  if (!queued.ok()) return text_of(queued.error());
  if (!flushed.ok()) return text_of(flushed.error());
  return written ? std::nullopt : std::optional<std::string>("it was not written");
}

std::optional<std::string> call_and_subscribe(IRedis& redis) {
  const auto answer = redis.call(RedisCommand("PING").repeatable());
  if (!answer.ok()) return text_of(answer.error());
  const auto lent = redis.open_session();
  if (!lent.ok()) return text_of(lent.error());
  const auto asked = lent.value()->call(RedisCommand("PING"));
  if (!asked.ok()) return text_of(asked.error());
  std::atomic<int> heard{0};
  RedisSubscriber subscriber;
  subscriber.channels.push_back(fresh_name());
  const auto channel = subscriber.channels.front();
  subscriber.on_message = [&](const RedisMessage&) { ++heard; };
  const auto subscription = redis.subscribe(std::move(subscriber));
  if (!subscription->wait_until_active(3s)) return "the subscription is not active";
  return std::nullopt;
}

std::optional<std::string> write_a_line(ILogger& logger) {
  logger.debug("a line");
  return std::nullopt;
}

std::optional<std::string> run_work(IEventLoop& loop) {
  struct Note final : Work {
    void run() noexcept override { ran = true; }
    std::atomic<bool> ran{false};
  } note;
  loop.execute(note);
  return wait_until([&] { return note.ran.load(); }) ? std::nullopt
                                                     : std::optional<std::string>("nobody runs the loop");
}

std::optional<std::string> ask_a_logger_site(ILoggerSite& site) {
  return site.get_logger("topic") ? std::nullopt : std::optional<std::string>("no logger");
}

// There is no collector; whoever says so works.
std::optional<std::string> send_telemetry(ITelemetry& telemetry) {
  const auto flushed = telemetry.flush(20ms);
  const bool works = flushed.ok() || flushed.error().code() == ErrorCode::timeout ||
                     flushed.error().code() == ErrorCode::unreachable;
  return works ? std::nullopt : text_of(flushed.error());
}

std::optional<std::string> nothing_to_use(ComponentSite&) {
  return std::nullopt;
}

void drop_clients(RedisServer& of) {
  auto probe = of.probe();
  for (const char* kind : {"normal", "pubsub"})
    probe.command({"CLIENT", "KILL", "TYPE", kind});
}

void drop_clients_of_the_server() {
  drop_clients(server());
}

void drop_clients_of_the_cluster() {
  for (std::size_t node = 0; node < cluster().nodes(); ++node)
    drop_clients(cluster().node(node));
}

// Servers that change their roles cut connections, those of the lab too.
bool succeeds(const std::function<void()>& act) {
  try {
    act();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void replace_the_master() {
  wait_until([] { return succeeds([] { sentinels().wait_until_ready(); }); }, 60s);
  (void)succeeds([] {
    const auto previous = sentinels().master_index();
    sentinels().request_failover();
    sentinels().wait_for_new_master(previous);
  });
}

std::string component(const std::string& component_class, const std::string& interface,
                      const std::string& parameters, const std::string& name = "") {
  return "- class: " + component_class + "\n  entries: [{interface: " + interface + ", name: '" + name +
         "'}]\n" + parameters;
}

std::string memory(const std::string& name) {
  return component("MemoryCache", "ICache", "  max_size: 100\n", name);
}

std::string at_server() {
  return "  host: 127.0.0.1\n  port: " + std::to_string(server().port()) +
         "\n  socket_timeout: 2s\n  socket_connect_timeout: 5s\n  health_check_interval: 20ms\n  "
         "reconnect_delay: 5ms\n";
}

std::string list_of(const std::vector<std::uint16_t>& ports) {
  std::string list;
  for (const auto port : ports)
    list += (list.empty() ? "['127.0.0.1:" : ", '127.0.0.1:") + std::to_string(port) + "'";
  return list + "]";
}

std::string at_sentinels() {
  return "  sentinels: " + list_of(sentinels().sentinel_ports()) +
         "\n  service_name: " + sentinels().service_name() +
         "\n  socket_timeout: 2s\n  socket_connect_timeout: 5s\n  reconnect_delay: 5ms\n";
}

std::string at_cluster() {
  return "  startup_nodes: " + list_of(cluster().ports()) +
         "\n  socket_timeout: 2s\n  socket_connect_timeout: 5s\n  reconnect_delay: 5ms\n";
}

void add_rows_without_servers(std::vector<ShortageRow>& rows) {
  const auto add = [&](const std::string& name, const std::string& file, Use use) {
    rows.push_back({name, "", file, std::move(use), nullptr});
  };
  const auto layer = [&](const std::string& name, const std::string& parameters) {
    add(name, memory("below") + component(name, "ICache", "  over: below\n" + parameters),
        used_as<ICache>(store_and_read));
  };
  add("MemoryCache", memory(""), used_as<ICache>(store_and_read));
  add("NullCache", component("NullCache", "ICache", ""), used_as<ICache>(keep_nothing));
  layer("CodecCache", "  compression: zlib\n");
  layer("PrefixCache", "  prefix: 'p:'\n");
  layer("MetricsCache", "");
  layer("ExpiryCache", "  ttl: 1m\n");
  add("Cache",
      memory("below") + component("Cache", "ICache",
                                  "  store: below\n  ttl: 1m\n  near: true\n  tags: true\n  remember: true\n"
                                  "  metrics: true\n  codec: {compression: zlib}\n"),
      used_as<ICache>(store_and_read));
  layer("TaggedCache", "");
  layer("FailoverCache", "");
  layer("RememberCache", "");
  layer("HookedCache", "  hooks: []\n");
  add("TieredCache",
      memory("below") + memory("near") + component("TieredCache", "ICache", "  over: below\n  near: near\n"),
      used_as<ICache>(store_and_read));
  add("WritePolicyCache",
      memory("below") + component("WritePolicyCache", "IWritePolicyCache", "  over: below\n  threads: 2\n"),
      used_as<IWritePolicyCache>(write_behind));
  add("CompositeHook", component("CompositeHook", "ICacheHook", "  hooks: []\n"), nothing_to_use);
  const auto exporter = component(
      "OpenTelemetryExporter", "ITelemetry",
      "  service_name: shop\n  endpoint: http://127.0.0.1:1\n  sample_ratio: 1\n  flush_every: 10ms\n",
      "sent");
  add("OpenTelemetryExporter",
      exporter + component("OpenTelemetryExporter", "ITelemetry",
                           "  service_name: shop\n  endpoint: http://127.0.0.1:1\n"),
      used_as<ITelemetry>(send_telemetry));
  add("OpenTelemetryHook",
      memory("below") + exporter +
          component("OpenTelemetryHook", "ICacheHook", "  telemetry: sent\n", "traces") +
          component("HookedCache", "ICache", "  over: below\n  hooks: [traces]\n"),
      used_as<ICache>(store_and_read));
  add("EventLoop", component("EventLoop", "IEventLoop", "  threads: 2\n"), used_as<IEventLoop>(run_work));
  add("ConsoleLogger", component("ConsoleLogger", "ILogger", ""), used_as<ILogger>(write_a_line));
  add("TopicLoggerSite", component("TopicLoggerSite", "ILoggerSite", ""),
      used_as<ILoggerSite>(ask_a_logger_site));
  add("MemoryBackplane", component("MemoryBackplane", "IBackplane", ""),
      used_as<IBackplane>(hear_own_messages));
  add("MemoryMutexSite", component("MemoryMutexSite", "IMutexSite", ""),
      used_as<IMutexSite>(take_and_release));
  add("MemoryQueueSite", component("MemoryQueueSite", "IQueueSite", ""),
      used_as<IQueueSite>(send_and_receive));
  for (const char* limiter : {"TokenBucketLimiter", "SlidingWindowLimiter"})
    add(limiter, component(limiter, "IRateLimiter", "  rate: 2/hour\n"),
        used_as<IRateLimiter>(take_from_a_limit));
  for (const char* config : {"JsonConfig", "YamlConfig", "TomlConfig", "FileConfig"})
    add(config, component(config, "IConfig", "  path: /nowhere/at/all.toml\n"), nothing_to_use);
  for (const char* config : {"EnvironmentConfig", "FixedConfig", "LayeredConfig"})
    add(config, component(config, "IConfig", ""), nothing_to_use);
}

void add_rows_with_servers(std::vector<ShortageRow>& rows) {
  const auto add = [&](const std::string& name, const std::string& interface, Use use) {
    rows.push_back({name, "one server", component(name, interface, at_server()), std::move(use),
                    drop_clients_of_the_server});
  };
  add("RedisCache", "ICache", used_as<ICache>(store_and_read));
  add("RedisConnection", "IRedis", used_as<IRedis>(call_and_subscribe));
  add("RedisMutexSite", "IMutexSite", used_as<IMutexSite>(take_and_release));
  add("RedisStreamQueueSite", "IQueueSite", used_as<IQueueSite>(send_and_receive));
  add("RedisPubSubQueueSite", "IQueueSite", used_as<IQueueSite>(send_and_receive));
  rows.push_back({"RedisBackplane", "one server",
                  component("RedisBackplane", "IBackplane", "  channel: shop\n" + at_server()),
                  used_as<IBackplane>(hear_own_messages), drop_clients_of_the_server});
  for (const char* limiter : {"TokenBucketLimiter", "SlidingWindowLimiter"})
    rows.push_back({limiter, "one server",
                    component(limiter, "IRateLimiter", "  rate: 2/hour\n  timeout: 2s\n" + at_server()),
                    used_as<IRateLimiter>(take_from_a_limit), drop_clients_of_the_server});
  rows.push_back({"RedisCache", "sentinels", component("RedisCache", "ICache", at_sentinels()),
                  used_as<ICache>(store_and_read), replace_the_master, true});
  rows.push_back({"RedisCache", "cluster", component("RedisCache", "ICache", at_cluster()),
                  used_as<ICache>(store_and_read), drop_clients_of_the_cluster, true});
}

}  // namespace

std::vector<ShortageRow> shortage_rows() {
  std::vector<ShortageRow> rows;
  add_rows_without_servers(rows);
  add_rows_with_servers(rows);
  return rows;
}

}  // namespace cachesite::test
