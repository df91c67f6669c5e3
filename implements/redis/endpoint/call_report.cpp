#include "redis/endpoint/call_report.hpp"

#include <algorithm>
#include <chrono>

namespace cachesite::redis {

Error CallReport::failure(CallAttempts::Next next, const std::optional<Error>& loss, CallTime time,
                          TimePoint now) const {
  using Next = CallAttempts::Next;
  if (next == Next::late || !loss) return late(time, now);
  const auto code = next == Next::lost ? ErrorCode::unreachable : loss->code();
  const std::string before = next == Next::closed ? "" : place_ + ": ";
  return Error(code, before + std::string(loss->message()), attempts_.outcome());
}

Error CallReport::away(const Error& reason) const {
  return Error(reason.code(), std::string(reason.message()), attempts_.outcome());
}

Error CallReport::late(CallTime time, TimePoint now) const {
  // The connection may have been given up before the deadline, for want of an answer to somebody else.
  const auto waited = std::min(now, time.deadline) - time.begin;
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(waited).count();
  return Error(ErrorCode::timeout,
               place_ + ": no answer within " + std::to_string(patience) + " ms" +
                   (attempts_.sent() ? " (the command was sent)" : " (the command was not sent)"),
               attempts_.outcome());
}

}  // namespace cachesite::redis
