#include "async/cache_access.hpp"

#include "interfaces/request_rules.hpp"

namespace cachesite::async {

void CacheAccess::perform(ICache& cache, CacheRequest& request) {
  if (request.is_plain_read())
    request.end(cache.do_read(request.key, *request.destination));
  else if (request.operation == CacheOperation::write)
    request.end(cache.do_write(request.key, request.value, request.time_to_live));
  else
    cache.do_begin(request);
}

bool CacheAccess::ends_at_once(ICache& cache, CacheRequest& request) noexcept {
  if (!may_wait(cache)) {
    cache.perform(request);
    return true;
  }
  if (!request.time_to_live.specified())
    request.time_to_live = cache.effective_time_to_live(request.key, request.time_to_live);
  const auto reason = interfaces::refusal_of(request);
  if (reason) request.fail(refuse(cache, *reason));
  return reason.has_value();
}

}  // namespace cachesite::async
