#pragma once

namespace cachesite {

// For interfaces whose calls give an AsyncCall: only who makes such a call includes <cachesite/async_call.hpp>.
template <class R>
class AsyncCall;
struct CallOptions;

namespace detail {
template <class R>
class AsyncOperationOf;
extern const CallOptions usual_call_options;
}  // namespace detail

}  // namespace cachesite
