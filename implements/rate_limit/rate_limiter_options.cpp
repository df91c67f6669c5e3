#include "binding/range_check.hpp"

#include <cachesite/detail/rate_limiter_options.hpp>
#include <cachesite/rate_limiter.hpp>

#include <algorithm>
#include <utility>

namespace cachesite {

using std::chrono::milliseconds;

std::vector<std::string> RateLimiterOptions::given_among(const ParameterTable& table) const {
  const RateLimiterOptions usual;
  std::vector<std::string> names;
  for (const auto& declaration : table.declarations()) {
    const ParameterValue value = declaration.load(this);
    const bool stored = std::find(stored_.begin(), stored_.end(), declaration.name) != stored_.end();
    if (!value.is_null() && (stored || !(value == declaration.load(&usual))))
      names.push_back(declaration.name);
  }
  return names;
}

bool RateLimiterOptions::on_redis() const {
  if (store != RateLimitStore::automatic) return store == RateLimitStore::redis;
  return !given_among(connection_parameters()).empty();
}

ParameterTable RateLimiterOptions::connection_parameters() {
  return noting(inherited_parameters<RateLimiterOptions, RedisClientOptions>());
}

ParameterTable RateLimiterOptions::server_parameters() {
  using O = RateLimiterOptions;
  return noting({
      parameter("form", &O::form,
                "How a limit is written on Redis; redis_kit shares limits with programs that use redis-kit.")
          .choices({{"cachesite", RateLimitForm::cachesite}, {"redis_kit", RateLimitForm::redis_kit}}),
      parameter("prefix", &O::prefix,
                "Put in front of every key on Redis; at most 1024 bytes. Limiters with the same prefix share "
                "their limits. In the form redis_kit, and without a name, each limiter needs its own.")
          .computed_default("rate:bucket:<name>: or rate:window:<name>: with the component's name; "
                            "redis_kit:rl:tb or redis_kit:rl:sw in the form redis_kit"),
      parameter("timeout", &O::timeout,
                "Longest time that a call waits for the server; then without_server decides.")
          .between(milliseconds(1), milliseconds(60'000)),
      parameter("without_server", &O::without_server,
                "What happens while the server gives no answer: deny refuses every call, allow allows every "
                "call, local limits the process by its share.")
          .choices({{"deny", WithoutServer::deny},
                    {"allow", WithoutServer::allow},
                    {"local", WithoutServer::local}}),
      parameter("local_share", &O::local_share,
                "With local: the share of the limit that this process may use while the server gives no "
                "answer. With four processes, 0.25 keeps them within the limit together.")
          .between(0.001, 1.0),
  });
}

ParameterTable RateLimiterOptions::own_parameters() {
  using O = RateLimiterOptions;
  return ParameterTable{
      parameter("rate", &O::rate, "The limit, such as 100/minute, 10/second or 5/30s.").required(),
      parameter("store", &O::store,
                "Where the state of the limits is kept; automatic: on Redis if settings of a connection are "
                "given, in memory otherwise.")
          .choices({{"automatic", RateLimitStore::automatic},
                    {"memory", RateLimitStore::memory},
                    {"redis", RateLimitStore::redis}}),
  }
      .add(server_parameters())
      .add(parameter(
               "max_keys", &O::max_keys,
               "Most keys that the process remembers; a sliding window takes 16 bytes for each counted call.")
               .between(1, 100'000'000)
               .unit("keys"))
      .only_in_files();
}

ParameterTable RateLimiterOptions::noting(const ParameterTable& table) {
  ParameterTable all;
  for (ParameterDeclaration declaration : table.declarations()) {
    declaration.store = [name = declaration.name, store_value = std::move(declaration.store)](
                            void* options, const ParameterValue& value) {
      store_value(options, value);
      static_cast<RateLimiterOptions*>(options)->stored_.push_back(name);
    };
    all.add(std::move(declaration));
  }
  return all;
}

ParameterTable RateLimiterOptions::parameters() {
  return own_parameters().add(connection_parameters());
}

std::vector<OptionComplaint> RateLimiterOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  if (on_redis())
    complaints = RedisClientOptions::complaints();
  else
    for (const auto& name : given_among(server_parameters().add(connection_parameters())))
      complaints.push_back(
          {name, name + " is for a limiter on Redis, and this one is in memory; give it store: redis"});
  binding::check_ranges(own_parameters(), this, complaints);
  if (const auto read = parse_rate(rate); !read.ok())
    complaints.push_back({"rate", std::string(read.error().message())});
  if (prefix && prefix->size() > IRateLimiter::longest_key)
    complaints.push_back({"prefix", "the prefix is longer than a key may be"});
  if (form == RateLimitForm::redis_kit && prefix && prefix->starts_with('}'))
    complaints.push_back({"prefix", "with a } in front, the keys of a limit would be in different slots"});
  return complaints;
}

}  // namespace cachesite
