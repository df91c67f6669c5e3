#pragma once

#include <cachesite/component_context.hpp>
#include <cachesite/detail/limiter_component.hpp>
#include <cachesite/detail/rate_limiter_options.hpp>

#include <vector>

namespace cachesite {

/// Settings of a SlidingWindowLimiter, explained by `cachesite describe SlidingWindowLimiter` and
/// configs/reference.md. In the form of redis-kit the number in `rate` is at most 100000.
struct SlidingWindowLimiterOptions : RateLimiterOptions {
  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// A limiter that allows as much as `rate` says within any stretch of time of that length: what was taken
/// comes back exactly when it is that old. It suits what must never happen more often; a TokenBucketLimiter
/// is smaller and lets bursts through.
///
/// A limit of up to 1000 is exact to the millisecond. Of a greater one, up to a thousandth of the period is
/// counted together: never is more allowed, and what was taken comes back at most so much late. In memory a
/// key takes 16 bytes for each call that was allowed and still counts, in a list whose size is doubled when
/// it is full: 16 KiB when 1000 calls count, and 32 KiB at most.
///
/// What a TokenBucketLimiter says about memory, Redis, forks and servers that give no answer is true here
/// too; a key is in force for one period after something was last taken. On Redis a limit is one key: a list
/// at `<prefix><key>`, or with `form: redis_kit` a sorted set at `<prefix>:<key>` with a member for
/// everything that was taken, exact for every limit; a call then takes 1000 at most, and a greater cost ends
/// with `bad_argument`.
class SlidingWindowLimiter final : public detail::LimiterComponent {
 public:
  using Options = SlidingWindowLimiterOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`.
  explicit SlidingWindowLimiter(Options options, const ComponentContext& context = {});
};

}  // namespace cachesite
