#pragma once

#include "redis/base/deadline.hpp"
#include "redis/endpoint/call_attempts.hpp"

#include <cachesite/error.hpp>

#include <optional>
#include <string>

namespace cachesite::redis {

/// Says why a call to a server has failed.
class CallReport {
 public:
  CallReport(const std::string& place, const CallAttempts& attempts) noexcept
      : place_(place), attempts_(attempts) {}

  /// The last attempt of a call that began at `time.begin` led to `next`, which ends it. `loss` is why the
  /// channel lost the request, if it did.
  [[nodiscard]] Error failure(CallAttempts::Next next, const std::optional<Error>& loss, CallTime time,
                              TimePoint now) const noexcept;
  /// There is no connection.
  [[nodiscard]] Error away(const Error& reason) const noexcept;

 private:
  [[nodiscard]] Error late(CallTime time, TimePoint now) const noexcept;

  const std::string& place_;
  const CallAttempts& attempts_;
};

}  // namespace cachesite::redis
