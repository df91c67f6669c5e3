#pragma once

#include "async/cache_access.hpp"
#include "async/cache_call.hpp"

#include <cachesite/detail/cache_rules.hpp>

#include <type_traits>

namespace cachesite::async {

/// `get`, `get_value` and `read`: a hit in memory goes through nothing but `ICache::read`.
template <class R>
class ReadCall final : public CacheCall<R> {
 public:
  ReadCall(ICache& cache, std::string_view key, Value* destination, Patience patience) noexcept
      : cache_(&cache), key_(key), destination_(destination), patience_(patience) {}

  detail::AsyncOperation* move_to(void* place) noexcept override {
    return new (place) ReadCall(*cache_, key_, destination_, patience_);
  }

  bool begin(detail::OperationCaller& caller) noexcept override {
    if (!CacheAccess::may_wait(*cache_)) {
      found_.emplace(cache_->read(key_, destination_ != nullptr ? *destination_ : value_));
      return true;
    }
    if (const auto reason = detail::refusal_of_key(key_)) {
      found_.emplace(CacheAccess::refuse(*cache_, *reason));
      return true;
    }
    this->started_.make(patience_, CacheOperation::read, key_).destination = &value_;
    return this->started_.begin(*cache_, caller);
  }

  R take_result() noexcept override {
    if (this->started_.made()) {
      found_.emplace(this->started_.get().template answer<Found>());
      if (destination_ != nullptr) *destination_ = std::move(value_);
    }
    return result();
  }

 private:
  [[nodiscard]] R result() noexcept {
    if constexpr (std::is_same_v<R, Lookup>) {
      return found_->ok() ? Lookup(found_->value(), std::move(value_)) : Lookup(found_->error());
    } else if constexpr (std::is_same_v<R, Result<Found>>) {
      return *std::move(found_);
    } else {
      if (!found_->ok() || found_->value() != Found::hit) return std::nullopt;
      return std::move(value_);
    }
  }

  ICache* cache_;
  std::string_view key_;
  Value* destination_;  // null: the value is part of the result
  Patience patience_;
  std::optional<Result<Found>> found_;
  Value value_;
};

}  // namespace cachesite::async
