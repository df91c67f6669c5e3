#pragma once

#include "basics/fork_mark.hpp"
#include "basics/inherited.hpp"
#include "rate_limit/ledger.hpp"
#include "rate_limit/memory_ledger.hpp"
#include "rate_limit/redis_ledger.hpp"
#include "redis_client/redis_client.hpp"

#include <cachesite/component_context.hpp>
#include <cachesite/detail/rate_limiter_options.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite::rate_limits {

/// What both limiters are: a ledger, and the connection to a server when it is kept there.
class Limiter {
 public:
  /// The limiter for these options, which have no complaints. `prefixes` are those of this library's form and
  /// of redis-kit's.
  template <class Rule>
  [[nodiscard]] static std::shared_ptr<Limiter> make(const Rule& rule, const RateLimiterOptions& options,
                                                     std::pair<std::string, std::string> prefixes,
                                                     const ComponentContext& context) {
    auto limiter = basics::make_process_bound<Limiter>(rule.limit(), options);
    const auto in_memory = [&](const Rule& local) {
      return std::make_unique<MemoryLedger<Rule>>(local, options.max_keys, context.clock);
    };
    if (!options.on_redis()) {
      limiter->ledger_ = in_memory(rule);
      return limiter;
    }
    const bool own = options.form == RateLimitForm::cachesite;
    const std::string prefix = options.prefix.value_or(own ? prefixes.first : prefixes.second);
    const Rule part = rule.part(options.local_share);
    limiter->ledger_ = std::make_unique<RedisLedger>(
        limiter->user_.emplace(options, context).redis(),
        own ? own_form(rule, prefix) : redis_kit_form(rule, prefix),
        RedisLedger::Options{options.timeout, options.without_server, rule.limit(), part.limit()},
        options.without_server == WithoutServer::local ? in_memory(part) : nullptr,
        detail::FailureReport({}, context.logger,
                              context.label + " gets no answer from its server and decides without it",
                              context.clock));
    return limiter;
  }

  /// Made by `make`.
  Limiter(std::uint64_t limit, const RateLimiterOptions& options)
      : limit_(limit), without_server_(options.without_server) {}

  void start() const;
  void await_started() const;
  void stop() noexcept;
  [[nodiscard]] Health health() const;

  Result<RateDecision> acquire(std::string_view key, std::uint64_t cost);
  Result<bool> reset(std::string_view key);
  [[nodiscard]] RateLimiterStatistics statistics() const;

 private:
  [[nodiscard]] bool is_over() const noexcept {
    return fork_mark_.forked() || stopped_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] Error over() const;
  [[nodiscard, gnu::noinline, gnu::cold]] Error refusal() const;

  const std::uint64_t limit_;
  const WithoutServer without_server_;
  const basics::ForkMark fork_mark_;
  std::optional<redis::RedisClient> user_;
  std::unique_ptr<Ledger> ledger_;
  std::atomic<bool> stopped_{false};
};

}  // namespace cachesite::rate_limits
