#pragma once

#include <cachesite/component_context.hpp>
#include <cachesite/detail/limiter_component.hpp>
#include <cachesite/detail/rate_limiter_options.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace cachesite {

/// Settings of a TokenBucketLimiter, explained by `cachesite describe TokenBucketLimiter` and
/// configs/reference.md.
struct TokenBucketLimiterOptions : RateLimiterOptions {
  std::optional<std::uint64_t> capacity;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// A limiter with a bucket for each key: it starts full, every call takes tokens, and it refills at `rate`.
/// So it allows a burst of `capacity` calls, and `rate` in the long run. Counts are exact, in whole
/// milliseconds.
///
/// **In memory** the limit applies to the threads of one process, by the steady clock. At most `max_keys`
/// keys are remembered. A key whose bucket must be full again may be forgotten to make room, which changes
/// nothing; other keys are never forgotten. When there is no room, further keys share one limit of the same
/// size; a key that gets its own bucket later starts with the rest of the shared one, so the limit is never
/// exceeded. `reset` of a key that shares a limit returns false and changes nothing.
///
/// **On Redis** (6 or later, or Valkey) the limit applies to all programs with the same prefix. A call is one
/// script, in one round trip, with the server's clock; a jump of that clock backwards neither adds nor
/// removes tokens. A limit is one key, `<prefix><key>`, with an expiry; programs may give different rates,
/// and a bucket keeps its tokens when its rate changes. With `form: redis_kit` it is two,
/// `{<prefix>:<key>}:tokens` and `{<prefix>:<key>}:ts`, both in one slot of a cluster.
///
/// While the server does not answer, `without_server` decides. Calls that were allowed meanwhile are not
/// counted on the server. An error of the server is a failure, `refused` with its text.
///
/// In a forked child every call fails with `closed`; the child creates its own component.
class TokenBucketLimiter final : public detail::LimiterComponent {
 public:
  using Options = TokenBucketLimiterOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`.
  explicit TokenBucketLimiter(Options options, const ComponentContext& context = {});
};

}  // namespace cachesite
