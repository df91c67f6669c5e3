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

/// A limiter whose keys each have a bucket: it is full at first, every call takes tokens out, and `rate` says
/// how fast it is filled again. So a burst of `capacity` calls is allowed, and `rate` in the long run.
/// Counted exactly, in whole milliseconds.
///
/// **In memory** the limit is for the threads of one process, by the steady clock. At most `max_keys` keys
/// are remembered. A key whose limit can no longer be in force, because nothing was taken for as long as an
/// empty bucket takes to be filled, is forgotten when another needs its room: that changes nothing. A key
/// that is in force is never forgotten. When all are, further keys share one limit of the same size until
/// there is room, and a key that then gets its own begins with what is left of the shared one: nobody is ever
/// allowed more than the limit. `reset` of a key that shares a limit answers false and gives nothing back.
///
/// **On Redis** (6 or later, or Valkey) it is for all programs with the same prefix. A call is one script, in
/// one round trip, on the server's clock; a clock that is set back gives nothing away and costs nothing but
/// the time that it went back over. A limit is one key, `<prefix><key>`, with an expiry; programs may give
/// different rates, and a bucket keeps its tokens when its rate changes. With `form: redis_kit` it is two,
/// `{<prefix>:<key>}:tokens` and `{<prefix>:<key>}:ts`, both in one slot of a cluster.
///
/// While the server gives no answer, `without_server` decides, and the server again as soon as it answers.
/// What was allowed meanwhile is not counted there. An error that the server answers is a failure, `refused`
/// with the server's text.
///
/// In a child that the process forks calls end with `closed`; a child makes a component of its own.
class TokenBucketLimiter final : public detail::LimiterComponent {
 public:
  using Options = TokenBucketLimiterOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`.
  explicit TokenBucketLimiter(Options options, const ComponentContext& context = {});
};

}  // namespace cachesite
