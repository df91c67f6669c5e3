#include "doctor_settings.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cachesite::tool {

namespace {

constexpr std::uint64_t least_buffer = 8'000'000;
constexpr std::uint64_t many_tracking_clients = 200;

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() ? std::optional(number) : std::nullopt;
}

std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find(separator, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

/// The lines of a section of INFO; empty when it cannot be read.
std::string section(IRedis& redis, std::string_view name) {
  const auto answer = redis.text({"INFO", name});
  return answer.ok() ? answer.value().value_or("") : "";
}

std::string_view field(std::string_view section, std::string_view name) {
  for (auto line : parts_of(section, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':')
      return line.substr(name.size() + 1);
  }
  return {};
}

std::optional<std::string> setting(IRedis& redis, std::string_view name) {
  const auto answer = redis.call({"CONFIG", "GET", name});
  if (!answer.ok() || answer.value().elements().size() != 2) return std::nullopt;
  return std::string(answer.value().elements()[1].text());
}

}  // namespace

void ServerSettings::examine(const RedisCacheOptions& options) {
  if (options.prefix.empty())
    warn("it has no prefix: the server tells of every change in its databases; give it a prefix");
  if (options.read_from_replicas)
    warn(
        "read_from_replicas: copies of what replicas answer cannot be kept true; leave it out for coherence");
}

void ServerSettings::examine(IRedis& redis, std::chrono::milliseconds max_staleness) {
  if (const auto asked = redis.call({"PING"}); !asked.ok() && asked.error().code() != ErrorCode::refused)
    return;
  examine_version(redis);
  examine_rights(redis);
  if (!setting(redis, "maxmemory")) {
    warn("the settings of the server cannot be read: let its user run config|get to have them looked at");
  } else {
    examine_memory(redis);
    examine_buffer(redis);
    examine_timeout(redis, max_staleness);
  }
  examine_clients(redis);
  examine_databases(redis);
}

void ServerSettings::examine_version(IRedis& redis) {
  const auto server = section(redis, "server");
  const auto version = std::string(field(server, "redis_version"));
  const auto major = number_in(version);
  if (!major) return;
  if (*major < 6)
    findings_.add(name_, Verdict::failure,
                  "redis " + version + " tells of no changes: version 6 and later do");
  else
    findings_.add(name_, Verdict::ok, "redis " + version);
}

// Before version 7 rights can only be tried, which the connection of the news does.
void ServerSettings::examine_rights(IRedis& redis) {
  const auto user = redis.text({"ACL", "WHOAMI"});
  if (!user.ok() || !user.value()) return;
  const auto denied = [&](auto... words) {
    const auto tried = redis.text({"ACL", "DRYRUN", *user.value(), words...});
    return tried.ok() && tried.value() && *tried.value() != "OK";
  };
  const auto tell = [&](Verdict verdict, std::string_view what, std::string_view right) {
    findings_.add(name_, verdict,
                  "user \"" + *user.value() + "\" may not " + std::string(what) + ": ACL SETUSER " +
                      *user.value() + " " + std::string(right));
  };
  if (denied("CLIENT", "TRACKING", "ON", "BCAST"))
    tell(Verdict::failure, "run client|tracking", "+client|tracking");
  if (denied("CLIENT", "ID")) tell(Verdict::warning, "run client|id, which RESP2 needs", "+client|id");
  if (denied("PING")) tell(Verdict::failure, "run ping", "+ping");
  if (denied("ROLE")) tell(Verdict::warning, "run role, which tells that a master was demoted", "+role");
  if (denied("SET", "__cachesite_probe__:0", "1"))
    tell(Verdict::warning, "write the key that proves the news", "~__cachesite_probe__:*");
}

void ServerSettings::examine_memory(IRedis& redis) {
  if (setting(redis, "maxmemory").value_or("0") == "0") return;
  if (setting(redis, "maxmemory-policy") != "noeviction") return;
  warn(
      "maxmemory-policy is noeviction: writes fail once the memory is full; CONFIG SET maxmemory-policy "
      "allkeys-lru, or another that evicts");
}

// "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"
void ServerSettings::examine_buffer(IRedis& redis) {
  const auto limits = setting(redis, "client-output-buffer-limit");
  if (!limits) return;
  const auto words = parts_of(*limits, ' ');
  for (std::size_t place = 0; place + 3 < words.size(); place += 4) {
    if (words[place] != "pubsub") continue;
    const auto text = "client-output-buffer-limit pubsub is " + std::string(words[place + 1]) + " " +
                      std::string(words[place + 2]) + " " + std::string(words[place + 3]);
    const auto hard = number_in(words[place + 1]).value_or(0);
    const auto soft = number_in(words[place + 2]).value_or(0);
    if (hard == 0)
      warn(text +
           ": a process that stands still costs the server memory without a limit; CONFIG SET "
           "client-output-buffer-limit \"pubsub 32mb 8mb 60\"");
    else if (hard < least_buffer || (soft != 0 && soft < least_buffer))
      warn(text +
           ": many changes at once cut the news off; CONFIG SET client-output-buffer-limit \"pubsub "
           "32mb 8mb 60\"");
  }
}

void ServerSettings::examine_timeout(IRedis& redis, std::chrono::milliseconds max_staleness) {
  const auto seconds = number_in(setting(redis, "timeout").value_or("0")).value_or(0);
  if (seconds == 0 || std::chrono::seconds(seconds) >= max_staleness) return;
  warn("timeout is " + std::to_string(seconds) +
       " s, shorter than max_staleness: the server may cut the news off; "
       "CONFIG SET timeout 0");
}

void ServerSettings::examine_clients(IRedis& redis) {
  const auto clients = section(redis, "clients");
  const auto tracking = number_in(field(clients, "tracking_clients")).value_or(0);
  if (tracking > many_tracking_clients)
    warn(std::to_string(tracking) +
         " clients are told of changes: each write costs the server some "
         "microseconds for each; let caches of a process share a RedisConnection");
}

void ServerSettings::examine_databases(IRedis& redis) {
  const auto keyspace = section(redis, "keyspace");
  std::string used;
  std::size_t count = 0;
  for (const auto line : parts_of(keyspace, '\n')) {
    if (!line.starts_with("db")) continue;
    used += (count++ == 0 ? "" : ", ") + std::string(line.substr(2, line.find(':') - 2));
  }
  if (count > 1)
    warn("databases " + used +
         " are in use: changes of the same key in another one end copies, and SWAPDB is not "
         "told; use one database, and prefixes");
}

}  // namespace cachesite::tool
