#pragma once

#include <cachesite/component_context.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/detail/redis_client_options.hpp>
#include <cachesite/mutex_site.hpp>
#include <cachesite/parameter.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// Settings of a RedisMutexSite: those of its connection, and its own.
struct RedisMutexSiteOptions : RedisClientOptions {
  /// Put in front of every name: a mutex is the key `<prefix><name>`. At most 1024 bytes.
  std::string prefix = "mutex:";
  /// Length of a lease whose request gives none. After a crash of the holder the mutex becomes free when this
  /// time has passed.
  std::chrono::milliseconds expire{30'000};
  /// Pause between two attempts while the holder may not announce its release, such as a program in another
  /// language. Holders of this library announce it.
  std::chrono::milliseconds poll_interval{50};
  /// How long the server may be away without interruption before waiting for a mutex ends with an error.
  std::chrono::milliseconds outage_patience{5'000};
  /// `get_mutex` gives a null pointer while the server cannot be reached, as FivcGlue does.
  bool require_connection = false;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// Mutexes on a Redis server (6 or later, or Valkey), for all processes that use the same server and prefix.
///
/// The exclusive holder is a string at `<prefix><name>` with an expiry in milliseconds, set if absent and
/// deleted only by its owner: programs that use `SET key owner NX PX ms` and a compare-and-delete script, as
/// FivcGlue and redis-kit do, take part. They do not see readers. Beside it there are, as needed, keys of the
/// same name behind `readers@`, `writers@`, `fence@` and `wake@`; each has an expiry.
///
/// Those who wait sleep at the server (`BLPOP`) until a release wakes one of them, until the holder's lease
/// ends, or for a second; while a holder of another kind has the mutex, for `poll_interval`. In each process
/// only the first in line does so, on a connection of its own.
///
/// One server decides: after a fail-over to a replica that has not seen the last writes, two may believe to
/// have a mutex until one of them renews. Fencing tokens follow the server's clock, so they grow all the
/// same.
///
/// In a child that the process forks calls end with `closed`, and leases stay the parent's; a child makes a
/// component of its own.
class RedisMutexSite final : public IMutexSite {
 public:
  using Options = RedisMutexSiteOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`.
  explicit RedisMutexSite(Options options, const ComponentContext& context = {});
  ~RedisMutexSite() override;

  void start() override;
  void await_started() override;
  /// Those who wait get `closed`; leases count as lost, and end at the server by themselves.
  void stop() noexcept override;
  [[nodiscard]] Health health() const override;
  [[nodiscard]] std::shared_ptr<IMutex> get_mutex(std::string_view name) override;
  [[nodiscard]] std::shared_ptr<IMutex> get_reentrant_mutex(std::string_view name) override;

 private:
  class Inner;
  const detail::ImplementationPointer<Inner> inner_;
};

}  // namespace cachesite
