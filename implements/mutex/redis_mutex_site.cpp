#include "basics/checked_options.hpp"
#include "basics/inherited.hpp"
#include "mutex/engine.hpp"
#include "mutex/redis_backend.hpp"
#include "redis_client/redis_client.hpp"

#include <cachesite/redis_mutex_site.hpp>

#include <utility>

namespace cachesite {

using std::chrono::milliseconds;

ParameterTable RedisMutexSiteOptions::parameters() {
  using O = RedisMutexSiteOptions;
  constexpr milliseconds longest_lease{TimeToLive::longest};
  return inherited_parameters<O, RedisClientOptions>().add(ParameterTable{
      parameter("prefix", &O::prefix,
                "Put in front of every name: a mutex is the key <prefix><name>. At most 1024 bytes."),
      parameter("expire", &O::expire,
                "Length of a lease whose request gives none. After a crash of the holder, the mutex is free "
                "when this time has passed.")
          .between(milliseconds(1), longest_lease),
      parameter("poll_interval", &O::poll_interval,
                "Pause between two attempts to lock while the holder does not announce its release, such as "
                "a program in another language.")
          .between(milliseconds(1), milliseconds(60'000)),
      parameter("outage_patience", &O::outage_patience,
                "How long the server may be unreachable before waiting for a mutex fails.")
          .between(milliseconds(0), milliseconds(std::chrono::hours(24))),
      parameter(
          "require_connection", &O::require_connection,
          "Whether get_mutex returns a null pointer while the server cannot be reached, as FivcGlue does."),
  }
                                                               .only_in_files());
}

std::vector<OptionComplaint> RedisMutexSiteOptions::complaints() const {
  auto complaints = RedisClientOptions::complaints();
  if (prefix.size() > IMutexSite::longest_name)
    complaints.push_back({"prefix", "the prefix is longer than a name may be"});
  return complaints;
}

class RedisMutexSite::Inner {
 public:
  Inner(const Options& options, const ComponentContext& context)
      : require_connection(options.require_connection),
        user(options, context),
        engine(basics::make_process_bound<mutex::Engine>(
            std::make_unique<mutex::RedisBackend>(
                user.redis(),
                mutex::RedisBackend::Options{options.prefix, options.poll_interval, options.socket_timeout}),
            mutex::EngineOptions{options.expire, options.outage_patience, context.label, context.logger,
                                 context.clock})) {}

  std::shared_ptr<IMutex> make(std::string_view name, bool reentrant) {
    if (require_connection && !user.reachable()) return nullptr;
    return engine->make_mutex(name, reentrant);
  }

  const bool require_connection;
  const redis::RedisClient user;
  const std::shared_ptr<mutex::Engine> engine;
};

RedisMutexSite::RedisMutexSite(Options options, const ComponentContext& context)
    : inner_(std::make_unique<Inner>(checked_options("RedisMutexSite", std::move(options)), context)) {}

RedisMutexSite::~RedisMutexSite() {
  RedisMutexSite::stop();
}

void RedisMutexSite::start() {
  inner_->user.start();
}

void RedisMutexSite::await_started() {
  inner_->user.await_started();
}

void RedisMutexSite::stop() noexcept {
  inner_->engine->stop();
  inner_->user.stop();
}

Health RedisMutexSite::health() const {
  return inner_->user.health();
}

std::shared_ptr<IMutex> RedisMutexSite::get_mutex(std::string_view name) {
  return inner_->make(name, false);
}

std::shared_ptr<IMutex> RedisMutexSite::get_reentrant_mutex(std::string_view name) {
  return inner_->make(name, true);
}

}  // namespace cachesite
