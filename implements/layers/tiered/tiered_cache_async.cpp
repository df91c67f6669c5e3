#include "layers/tiered/tiered_cache_inner.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/tiered_cache.hpp>

#include <optional>
#include <string_view>
#include <utility>

namespace cachesite {

// A read that the near tier has nothing for: reads the far tier, and asks it how long the entry still lives.
class TieredCache::AsyncFill final : public AsyncStep {
 public:
  AsyncFill(TieredCache& cache, std::string_view key) noexcept
      : cache_(cache), key_(key), ticket_(cache.inner_->near.ticket(key)) {}

  bool go_down(AsyncRequest& call) {
    call.request().key = key_;
    call.repeat(*this);
    return cache_.forward_async(call);
  }
  bool after(AsyncRequest& call) override {
    return destination_ == nullptr ? after_read(call.request(), call) : after_question(call.request());
  }

 private:
  bool after_read(CacheRequest& request, AsyncRequest& call) {
    auto& inner = *cache_.inner_;
    const auto* const found = request.answered<Found>();
    if (found == nullptr) {
      (void)inner.failed(request.answer<Found>().error());
      return true;
    }
    found_ = *found;
    inner.count_far(found_);
    if (found_ == Found::miss) {
      inner.near.fill_absent(key_, ticket_);
      return true;
    }
    asked_ = inner.near.now();
    destination_ = std::exchange(request.destination, nullptr);
    request.operation = CacheOperation::time_to_live;
    return go_down(call);
  }
  bool after_question(CacheRequest& request) {
    request.operation = CacheOperation::read;
    request.destination = destination_;
    if (const auto* const left = request.answered<Remaining>())
      cache_.inner_->near.fill(
          key_, found_ == Found::hit ? std::optional(ByteView(destination_->text())) : std::nullopt, *left,
          asked_, ticket_);
    request.end(Result<Found>(found_));
    return true;
  }

  TieredCache& cache_;
  const std::string_view key_;
  const tiered::NearTier::Ticket ticket_;
  Found found_ = Found::miss;
  IClock::TimePoint asked_;
  Value* destination_ = nullptr;  // once the far tier has been read
};

// Forgets or replaces copies of what has been changed, also when its caller is gone.
class TieredCache::AsyncChange final : public AsyncStep {
 public:
  AsyncChange(TieredCache& cache, const CacheRequest& request) noexcept
      : cache_(cache),
        request_(request),
        ticket_(request.subject() == CacheSubject::key ? cache.inner_->near.ticket(request.key) : 0) {}
  AsyncChange(const AsyncChange&) = delete;
  AsyncChange& operator=(const AsyncChange&) = delete;
  ~AsyncChange() {
    if (!ended_) cache_.forget_copies(request_);
  }

  bool after(AsyncRequest& call) override {
    ended_ = true;
    CacheRequest& request = call.request();
    if (request.effect() == CacheEffect::store)
      cache_.note_store(request, ticket_);
    else
      cache_.forget_copies(request);
    cache_.inner_->count(request);
    return true;
  }

 private:
  TieredCache& cache_;
  const CacheRequest request_;
  const tiered::NearTier::Ticket ticket_;
  bool ended_ = false;
};

class TieredCache::AsyncLook final : public AsyncStep {
 public:
  explicit AsyncLook(TieredCache& cache) noexcept : cache_(cache) {}
  bool after(AsyncRequest& call) override {
    cache_.inner_->count(call.request());
    return true;
  }

 private:
  TieredCache& cache_;
};

bool TieredCache::may_wait() const noexcept {
  return below_may_wait() || inner_->near_waits;
}

bool TieredCache::do_begin_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  if (request.is_batch() || inner_->near_waits) return CacheLayer::do_begin_async(call);
  switch (request.effect()) {
    case CacheEffect::read:
      return read_async(call);
    case CacheEffect::store:
    case CacheEffect::count:
    case CacheEffect::prolong:
    case CacheEffect::remove:
      call.keep_arguments();
      call.add_step<AsyncChange>(*this, request);
      return forward_async(call);
    case CacheEffect::look:
    case CacheEffect::list:
      call.add_step<AsyncLook>(*this);
      return forward_async(call);
  }
  return forward_async(call);
}

bool TieredCache::read_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  if (stopped()) {
    request.fail(inner_->failed(closed()));
    return true;
  }
  if (const auto known = inner_->known(request.key, *request.destination)) {
    request.end(Result<Found>(*known));
    return true;
  }
  return call.memory().make<AsyncFill>(*this, call.memory().copy(request.key)).go_down(call);
}

}  // namespace cachesite
