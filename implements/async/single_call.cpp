#include "async/single_call.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <iterator>
#include <utility>

namespace cachesite::async {

bool ScanCall::begin(detail::OperationCaller& caller) noexcept {
  if (position_->finished) return true;
  CacheRequest request(pattern_, *position_, *keys_);
  if (CacheAccess::ends_at_once(*cache_, request)) {
    ended_ = request.answer<Done>();
    return true;
  }
  try {
    own_position_ = *position_;
  } catch (...) {
    ended_ = thrown_failure();
    return true;
  }
  request.position = &own_position_;
  request.found = &own_keys_;
  return started_.begin(*cache_, request, patience_, caller);
}

Status ScanCall::take_result() noexcept {
  if (!started_.made()) return ended_;
  ended_ = started_.get().answer<Done>();
  try {
    keys_->insert(keys_->end(), std::move_iterator(own_keys_.begin()), std::move_iterator(own_keys_.end()));
    *position_ = std::move(own_position_);
  } catch (...) {
    return thrown_failure();
  }
  return ended_;
}

}  // namespace cachesite::async
