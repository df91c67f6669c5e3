#pragma once

#include <cachesite/component_context.hpp>
#include <cachesite/detail/limiter_component.hpp>
#include <cachesite/detail/rate_limiter_options.hpp>

#include <vector>

namespace cachesite {

/// Settings of a SlidingWindowLimiter, explained by `cachesite describe SlidingWindowLimiter` and
/// configs/reference.md. With `form: redis_kit` the number in `rate` is at most 100000.
struct SlidingWindowLimiterOptions : RateLimiterOptions {
  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// A limiter that allows `rate` within every period of that length: a taken amount is available again exactly
/// one period later. Use it for strict limits; a TokenBucketLimiter is smaller and allows bursts.
///
/// A limit of up to 1000 is exact to the millisecond. Above, calls within a thousandth of the period count
/// together: the limit is never exceeded, and an amount is available again at most that much later. In memory
/// a key takes 16 bytes for each allowed call of the current period, in a list that doubles when it is full:
/// 16 KiB when 1000 calls count, and 32 KiB at most.
///
/// Memory, Redis, forks and servers that do not answer are handled as in TokenBucketLimiter; a key is in
/// force for one period after its last use. On Redis a limit is one key: a list at `<prefix><key>`, or with
/// `form: redis_kit` a sorted set at `<prefix>:<key>` with a member for each unit taken, exact for every
/// limit; a call then takes at most 1000, and a greater cost fails with `bad_argument`.
class SlidingWindowLimiter final : public detail::LimiterComponent {
 public:
  using Options = SlidingWindowLimiterOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`.
  explicit SlidingWindowLimiter(Options options, const ComponentContext& context = {});
};

}  // namespace cachesite
