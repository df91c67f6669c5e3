#include <cachesite/rate_limiter.hpp>
#include <cachesite/rate_limiter_options.hpp>

#include <algorithm>

namespace cachesite {

namespace {

using std::chrono::milliseconds;

// The first setting of a connection that differs from the default; empty when none does.
std::string connection_setting(const RateLimiterOptions& options) {
  if (options.connection.is_set()) return "connection";
  const RedisConnectionComponentOptions defaults;
  const RedisConnectionOptions& given = options;
  const RedisConnectionOptions& usual = defaults;
  const ParameterTable table = RedisConnectionOptions::parameters();
  const auto& all = table.declarations();
  const auto found = std::find_if(all.begin(), all.end(), [&](const ParameterDeclaration& declaration) {
    return !(declaration.load(&given) == declaration.load(&usual));
  });
  return found == all.end() ? std::string() : found->name;
}

}  // namespace

bool RateLimiterOptions::on_redis() const {
  if (store != RateLimitStore::automatic) return store == RateLimitStore::redis;
  return !connection_setting(*this).empty();
}

ParameterTable RateLimiterOptions::parameters() {
  using O = RateLimiterOptions;
  return ParameterTable{
      parameter("rate", &O::rate, "How often, such as 100/minute, 10/second or 5/30s.").required(),
      parameter("store", &O::store,
                "Where it is kept what was taken; automatic: on Redis if settings of a connection are given, "
                "in memory otherwise.")
          .choices({{"automatic", RateLimitStore::automatic},
                    {"memory", RateLimitStore::memory},
                    {"redis", RateLimitStore::redis}}),
      parameter("form", &O::form, "How a limit is written on Redis; with redis_kit its programs take part.")
          .choices({{"cachesite", RateLimitForm::cachesite}, {"redis_kit", RateLimitForm::redis_kit}}),
      parameter("prefix", &O::prefix,
                "Put in front of every key on Redis; without it rate:bucket: or rate:window:, and "
                "redis_kit:rl:tb or redis_kit:rl:sw in the form of redis-kit."),
      parameter("timeout", &O::timeout, "Longest time that a call waits for the server.")
          .between(milliseconds(1), milliseconds(60'000)),
      parameter(
          "without_server", &O::without_server,
          "What happens while the server gives no answer: every call is refused, every call is allowed, "
          "or the process is limited by its share.")
          .choices({{"deny", WithoutServer::deny},
                    {"allow", WithoutServer::allow},
                    {"local", WithoutServer::local}}),
      parameter(
          "local_share", &O::local_share,
          "With local: the part of the limit that is this process's own while the server gives no answer.")
          .between(0.001, 1.0),
      parameter("max_keys", &O::max_keys, "Most keys that the process remembers.")
          .between(1, 100'000'000)
          .unit("keys"),
  }
      .add(inherited_parameters<O, RedisUserOptions>());
}

std::vector<OptionComplaint> RateLimiterOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  if (on_redis()) complaints = RedisUserOptions::complaints();
  if (const auto read = parse_rate(rate); !read.ok())
    complaints.push_back({"rate", std::string(read.error().message())});
  if (store == RateLimitStore::memory)
    if (const auto setting = connection_setting(*this); !setting.empty())
      complaints.push_back({setting, setting + " is for a limiter on Redis, and store is memory"});
  if (!on_redis() && form != RateLimitForm::cachesite)
    complaints.push_back({"form", "form is for a limiter on Redis; give a connection, or store: redis"});
  if (prefix && prefix->size() > IRateLimiter::longest_key)
    complaints.push_back({"prefix", "the prefix is longer than a key may be"});
  if (form == RateLimitForm::redis_kit && prefix && prefix->starts_with('}'))
    complaints.push_back({"prefix", "with a } in front, the keys of a limit would be in different slots"});
  return complaints;
}

}  // namespace cachesite
