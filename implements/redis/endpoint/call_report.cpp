#include "redis/endpoint/call_report.hpp"

#include <algorithm>
#include <chrono>
#include <exception>

namespace cachesite::redis {

// Without memory for its text the failure has only its code.
Error CallReport::failure(CallAttempts::Next next, const std::optional<Error>& loss, CallTime time,
                          TimePoint now) const noexcept {
  using Next = CallAttempts::Next;
  if (next == Next::late || !loss) return late(time, now);
  const auto code = next == Next::lost ? ErrorCode::unreachable : loss->code();
  try {
    const std::string before = next == Next::closed ? "" : place_ + ": ";
    return Error(code, before + std::string(loss->message()), attempts_.outcome());
  } catch (const std::exception&) {
    return Error(code).with(attempts_.outcome());
  }
}

Error CallReport::away(const Error& reason) const noexcept {
  return reason.with(attempts_.outcome());
}

Error CallReport::late(CallTime time, TimePoint now) const noexcept try {
  // The connection may have been given up before the deadline, for want of an answer to somebody else.
  const auto waited = std::min(now, time.deadline) - time.begin;
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(waited).count();
  return Error(ErrorCode::timeout,
               place_ + ": no answer within " + std::to_string(patience) + " ms" +
                   (attempts_.sent() ? " (the command was sent)" : " (the command was not sent)"),
               attempts_.outcome());
} catch (const std::exception&) {
  return Error(ErrorCode::timeout).with(attempts_.outcome());
}

}  // namespace cachesite::redis
