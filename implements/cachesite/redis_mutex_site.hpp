#pragma once

#include <cachesite/component_context.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/detail/redis_client_options.hpp>
#include <cachesite/mutex.hpp>
#include <cachesite/parameter.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// Settings of a RedisMutexSite: those of its connection and its own, explained by `cachesite describe
/// RedisMutexSite` and configs/reference.md.
struct RedisMutexSiteOptions : RedisClientOptions {
  std::string prefix = "mutex:";
  std::chrono::milliseconds expire{30'000};
  std::chrono::milliseconds poll_interval{50};
  std::chrono::milliseconds outage_patience{5'000};
  bool require_connection = false;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// Mutexes on a Redis server (6 or later, or Valkey), for all processes that use the same server and prefix.
///
/// The exclusive holder is a string at `<prefix><name>` with an expiry in milliseconds, set if absent and
/// deleted only by its owner: programs that use `SET key owner NX PX ms` and a compare-and-delete script,
/// such as FivcGlue and redis-kit, share the mutex. They do not see readers. Other keys, when needed, have
/// the same name after `readers@`, `writers@`, `fence@` and `wake@`; each has an expiry.
///
/// Waiters block at the server (`BLPOP`) until a release wakes one of them, until the holder's lease ends, or
/// for a second; while a program that does not announce releases holds the mutex, for `poll_interval`. In
/// each process only the first waiter does so, on its own connection.
///
/// One server decides: after a fail-over that lost the last writes, two holders may each believe that they
/// hold a mutex until one of them renews. Fencing tokens follow the server's clock, so they still grow.
///
/// In a forked child every call fails with `closed`, and the leases belong to the parent; the child creates
/// its own component.
class RedisMutexSite final : public IMutexSite {
 public:
  using Options = RedisMutexSiteOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`.
  explicit RedisMutexSite(Options options, const ComponentContext& context = {});
  ~RedisMutexSite() override;

  void start() override;
  void await_started() override;
  /// Waiting calls fail with `closed`; leases count as lost, and end at the server by themselves.
  void stop() noexcept override;
  [[nodiscard]] Health health() const override;
  [[nodiscard]] std::shared_ptr<IMutex> get_mutex(std::string_view name) override;
  [[nodiscard]] std::shared_ptr<IMutex> get_reentrant_mutex(std::string_view name) override;

 private:
  class Inner;
  const detail::ImplementationPointer<Inner> inner_;
};

}  // namespace cachesite
