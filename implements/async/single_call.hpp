#pragma once

#include "async/cache_access.hpp"
#include "async/cache_call.hpp"

#include <string>
#include <type_traits>
#include <vector>

namespace cachesite::async {

/// Any other call that is no batch.
template <class R>
class SingleCall final : public CacheCall<R> {
 public:
  SingleCall(ICache& cache, const CacheRequest& request, Patience patience) noexcept
      : cache_(&cache), request_(request), patience_(patience) {}

  detail::AsyncOperation* move_to(void* place) noexcept override {
    return new (place) SingleCall(*cache_, request_, patience_);
  }

  bool begin(detail::OperationCaller& caller) noexcept override {
    if (CacheAccess::ends_at_once(*cache_, request_)) return true;
    return this->started_.begin(*cache_, request_, patience_, caller);
  }

  R take_result() noexcept override {
    CacheRequest& ended = this->started_.made() ? this->started_.get() : request_;
    if constexpr (std::is_same_v<R, bool>)
      return ended.answered<Done>() != nullptr;
    else
      return ended.answer<std::decay_t<decltype(std::declval<R>().value())>>();
  }

 private:
  ICache* cache_;
  CacheRequest request_;
  Patience patience_;
};

/// A step of a scan. Its caller's position and keys are written when the caller goes on.
class ScanCall final : public CacheCall<Status> {
 public:
  ScanCall(ICache& cache, std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys,
           Patience patience) noexcept
      : cache_(&cache), pattern_(pattern), position_(&position), keys_(&keys), patience_(patience) {}

  detail::AsyncOperation* move_to(void* place) noexcept override {
    return new (place) ScanCall(*cache_, pattern_, *position_, *keys_, patience_);
  }
  bool begin(detail::OperationCaller& caller) noexcept override;
  Status take_result() noexcept override;

 private:
  ICache* cache_;
  std::string_view pattern_;
  ScanPosition* position_;
  std::vector<std::string>* keys_;
  Patience patience_;
  Status ended_ = Done{};
  ScanPosition own_position_;
  std::vector<std::string> own_keys_;
};

}  // namespace cachesite::async
