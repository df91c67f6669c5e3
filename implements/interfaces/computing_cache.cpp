#include <cachesite/computing_cache.hpp>
#include <cachesite/detail/cache_rules.hpp>
#include <cachesite/detail/guarded_call.hpp>

#include <exception>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

namespace cachesite {

Error not_computed(std::exception_ptr thrown) noexcept {
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::no_memory);
  } catch (const std::exception& failure) {
    try {
      return Error(ErrorCode::not_computed, failure.what());
    } catch (...) {
      return Error(ErrorCode::not_computed);
    }
  } catch (...) {
    return Error(ErrorCode::not_computed, "something was thrown that is no std::exception");
  }
}

Lookup IComputingCache::remember(std::string_view key, TimeToLive time_to_live,
                                 const Computation& computation) noexcept {
  if (!time_to_live.specified()) time_to_live = effective_time_to_live(key, time_to_live);
  if (const auto refused = detail::refusal_of_entry(key, std::nullopt, time_to_live)) {
    on_refused();
    return Lookup(*refused);
  }
  // Without a Result in between, which would move the value twice.
  try {
    return do_remember(key, time_to_live, computation);
  } catch (...) {
    return Lookup(thrown_failure());
  }
}

}  // namespace cachesite
