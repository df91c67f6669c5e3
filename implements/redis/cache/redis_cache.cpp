#include "basics/checked_options.hpp"
#include "redis/cache/redis_cache_inner.hpp"
#include "redis/news/news_feed.hpp"
#include "redis/settings/endpoint_settings.hpp"
#include "redis/settings/topology_settings.hpp"
#include "redis/topology/hash_slot.hpp"

#include <cachesite/detail/problem_text.hpp>
#include <cachesite/detail/ttl_jitter.hpp>
#include <cachesite/document.hpp>
#include <cachesite/redis_cache.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>

namespace cachesite {

using redis::Argument;
using redis::Reply;
using redis::ReplyKind;

namespace {

constexpr std::memory_order relaxed = std::memory_order_relaxed;

redis::ConnectionHandle make_link(const RedisCacheOptions& options, const ComponentContext& context) {
  if (options.connection.is_set()) {
    const auto* const shared = options.connection.component()->connection_handle();
    if (shared == nullptr)
      throw std::invalid_argument("RedisCache: connection: caches cannot share this component's connection");
    return *shared;
  }
  // A marker more than the longest value, since a value may be stored with one in front; and keys come too.
  const auto largest_bulk =
      std::max(static_cast<std::size_t>(options.max_value_bytes.bytes) + basics::null_marker.size(),
               options.prefix.size() + ICache::longest_key);
  const auto topology = redis::make_topology(options, largest_bulk, context.label, context.logger);
  const auto settings = options.resolved();
  return {topology, settings.socket_timeout,
          basics::make_process_bound<redis::NewsFeed>(
              topology, redis::NewsFeed::Options{context.label, context.logger, context.clock,
                                                 settings.reconnect_delay, settings.reconnect_max_delay})};
}

}  // namespace

RedisCache::Inner::Inner(const RedisCacheOptions& options, const ComponentContext& context)
    : prefix(options.prefix),
      largest_value(static_cast<std::size_t>(options.max_value_bytes.bytes)),
      largest_stored(largest_value + basics::null_marker.size()),
      null_as(options.null_as),
      ttl_jitter(options.ttl_jitter),
      on_cluster(!options.connection.is_set() && !options.resolved().startup_nodes.empty()),
      connection(options.connection.component()),
      link(make_link(options, context)),
      logger(context.logger) {}

Error RedisCache::Inner::too_large() {
  count(counters.failures);
  return Error(ErrorCode::too_large, "the value is larger than the limit");
}

// What is a value with a marker in front, or a marker alone.
Found RedisCache::Inner::unwrap(basics::StoredAs stored, Value& destination) {
  if (stored == basics::StoredAs::null) {
    destination.clear();
    return Found::null;
  }
  destination = Value(destination.text().substr(basics::null_marker.size()));
  return Found::hit;
}

RedisCache::RedisCache(RedisCacheOptions options, const ComponentContext& context)
    : inner_(std::make_unique<Inner>(checked_options("RedisCache", std::move(options)), context)) {}

RedisCache::~RedisCache() {
  RedisCache::stop();
}

std::shared_ptr<ILogger> RedisCache::logger() const noexcept {
  return inner_->logger;
}

void RedisCache::start() {
  inner_->link.topology->start();
}

void RedisCache::await_started() {
  inner_->link.topology->await_started();
}

void RedisCache::stop() noexcept {
  inner_->stopped.store(true, relaxed);
  if (inner_->connection) return;
  inner_->link.feed->stop();
  inner_->link.topology->stop();
}

Health RedisCache::health() const {
  if (inner_->stopped.load(relaxed)) return {HealthState::down, "stopped"};
  return inner_->link.topology->health();
}

CacheStatistics RedisCache::statistics() const {
  const auto& counters = inner_->counters;
  CacheStatistics statistics;
  statistics.hits = counters.hits.load(relaxed);
  statistics.misses = counters.misses.load(relaxed);
  statistics.failures = counters.failures.load(relaxed);
  statistics.refusals = counters.refusals.load(relaxed);
  statistics.writes = counters.writes.load(relaxed);
  statistics.removals = counters.removals.load(relaxed);
  statistics.clears = counters.clears.load(relaxed);
  return statistics;
}

std::unique_ptr<IFeedWatch> RedisCache::watch(std::string prefix, FeedOptions options,
                                              IFeedListener& listener) {
  auto& inner = *inner_;
  return inner.link.feed->watch(inner.prefix + prefix, inner.prefix.size(), options, listener);
}

std::string_view RedisCache::obstacle() const noexcept {
  return inner_->link.feed->obstacle();
}

void RedisCache::explain_key(std::string_view key, Node& facts) {
  auto& inner = *inner_;
  const auto add = [&facts](const char* name, Node::Kind kind, std::string text) {
    NodeMember fact{name, {}, 0, {}};
    fact.value.kind = kind;
    fact.value.scalar = std::move(text);
    facts.members.push_back(std::move(fact));
  };
  const std::array<Argument, 2> arguments{{{"GET"}, {inner.prefix, key}}};
  const auto whole = inner.prefix + std::string(key);
  add("redis_key", Node::Kind::text, printable(whole, whole.size()));
  if (inner.on_cluster) add("slot", Node::Kind::integer, std::to_string(redis::hash_slot(arguments[1])));
  const auto server = inner.link.topology->server_now({arguments, {}, true}, {.only_reads = true});
  if (server.endpoint != nullptr) add("server", Node::Kind::text, server.endpoint->address().text());
}

std::vector<RedisEndpointStatistics> RedisCache::endpoint_statistics() const {
  return inner_->link.topology->statistics();
}

void RedisCache::on_refused() noexcept {
  inner_->count(inner_->counters.refusals);
}

Result<Found> RedisCache::do_read(std::string_view key, Value& destination) {
  auto& inner = *inner_;
  const std::array<Argument, 2> arguments{{{"GET"}, {inner.prefix, key}}};
  Reply reply;
  reply.value = std::move(destination);
  const bool large = inner.large_keys.contains(key);
  auto status = inner.ask({arguments, ReplyKind::bulk | ReplyKind::nil, true, large}, reply, true);
  destination = std::move(reply.value);
  if (!status.ok()) return status.error();
  if (reply.kind == ReplyKind::nil) {
    inner.count(inner.counters.misses);
    return Found::miss;
  }
  return inner.interpret(key, destination, large);
}

// Both commands in one round trip, next to each other.
Result<Found> RedisCache::do_read_with_life(std::string_view key, Value& destination, EntryLife& life,
                                            const ReadLimits& limits) {
  auto& inner = *inner_;
  const std::array<Argument, 2> value{{{"GET"}, {inner.prefix, key}}};
  const std::array<Argument, 2> end{{{"PTTL"}, {inner.prefix, key}}};
  const bool large = inner.large_keys.contains(key);
  const std::array<redis::Command, 2> commands{
      {{value, ReplyKind::bulk | ReplyKind::nil, true, large}, {end, Inner::number_reply, true, large}}};
  std::array<Reply, 2> replies;
  replies[0].value = std::move(destination);
  const auto status = inner.ask_together(commands, replies, inner.call_time(limits), life.server);
  destination = std::move(replies[0].value);
  if (!status.ok()) return status.error();
  if (replies[0].kind == ReplyKind::nil) {
    inner.count(inner.counters.misses);
    return Found::miss;
  }
  if (replies[1].kind == ReplyKind::integer) life.left = Inner::remaining(replies[1].integer);
  return inner.interpret(key, destination, large);
}

Status RedisCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  auto& inner = *inner_;
  Argument payload{{}};
  if (auto refused = inner.payload_of(value, payload)) return *refused;
  redis::StoreWords words;
  const auto arguments =
      words.make({inner.prefix, key}, payload, jittered(time_to_live, key, inner.ttl_jitter));
  Reply reply;
  auto status =
      inner.ask({arguments, static_cast<redis::ReplyKinds>(ReplyKind::status), false}, reply, false);
  if (status.ok()) inner.wrote(key, payload);
  return status;
}

Result<bool> RedisCache::do_remove(std::string_view key) {
  const auto removed = inner_->ask_number("DEL", key, false);
  if (!removed.ok()) return removed.error();
  if (removed.value() > 0) inner_->count(inner_->counters.removals);
  return removed.value() > 0;
}

Result<bool> RedisCache::do_contains(std::string_view key) {
  const auto found = inner_->ask_number("EXISTS", key, true);
  if (!found.ok()) return found.error();
  return found.value() > 0;
}

Result<Remaining> RedisCache::do_time_to_live(std::string_view key) {
  const auto left = inner_->ask_number("PTTL", key, true);
  if (!left.ok()) return left.error();
  return Inner::remaining(left.value());
}

}  // namespace cachesite
