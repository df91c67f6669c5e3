#include "layers/tiered/tiered_cache_inner.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/tiered_cache.hpp>

#include <optional>
#include <string_view>
#include <utility>

namespace cachesite {

// A read that the near tier has nothing for: reads the far tier, and asks it how long the entry still lives if it
// has not told.
class TieredCache::AsyncFill final : public AsyncStep {
 public:
  AsyncFill(TieredCache& cache, std::string_view key) noexcept
      : cache_(cache), key_(key), ticket_(cache.inner_->near.ticket(key)), asked_(cache.inner_->near.now()) {}

  bool go_down(AsyncRequest& call) {
    call.request().key = key_;
    if (destination_ == nullptr) call.request().lives = {&life_, 1};
    call.repeat(*this);
    return cache_.forward_async(call);
  }
  bool after(AsyncRequest& call) override {
    return destination_ == nullptr ? after_read(call.request(), call) : after_question(call.request());
  }

 private:
  bool after_read(CacheRequest& request, AsyncRequest& call) {
    auto& inner = *cache_.inner_;
    request.lives = {};
    const auto* const found = request.answered<Found>();
    if (found == nullptr) {
      const auto error = inner.failed(request.answer<Found>().error());
      if (inner.recovery != nullptr) inner.recovery->note(request);
      if (const auto stale = inner.copy_instead(key_, *request.destination, error, {}, life_))
        request.end(Result<Found>(*stale));
      return true;
    }
    found_ = *found;
    inner.count_far(found_);
    if (found_ == Found::miss || life_.stale || life_.left.state != Remaining::State::absent) {
      inner.keep(key_, found_, *request.destination, life_, asked_, ticket_);
      return true;
    }
    destination_ = std::exchange(request.destination, nullptr);
    request.operation = CacheOperation::time_to_live;
    return go_down(call);
  }
  bool after_question(CacheRequest& request) {
    request.operation = CacheOperation::read;
    request.destination = destination_;
    if (const auto* const left = request.answered<Remaining>()) {
      life_.left = *left;
      cache_.inner_->keep(key_, found_, *destination_, life_, asked_, ticket_);
    }
    request.end(Result<Found>(found_));
    return true;
  }

  TieredCache& cache_;
  const std::string_view key_;
  const Inner::Ticket ticket_;
  const IClock::TimePoint asked_;
  Found found_ = Found::miss;
  EntryLife life_;
  Value* destination_ = nullptr;  // once the far tier has been read
};

// Forgets or replaces copies of what has been changed, also when its caller is gone.
class TieredCache::AsyncChange final : public AsyncStep {
 public:
  AsyncChange(TieredCache& cache, const CacheRequest& request) noexcept
      : cache_(cache),
        request_(request),
        ticket_(request.subject() == CacheSubject::key ? cache.inner_->near.ticket(request.key)
                                                       : Inner::Ticket()) {}
  AsyncChange(const AsyncChange&) = delete;
  AsyncChange& operator=(const AsyncChange&) = delete;
  ~AsyncChange() {
    if (ended_) return;
    cache_.forget_copies(request_);
    auto* const recovery = cache_.inner_->recovery.get();
    if (recovery != nullptr) recovery->note_unanswered(request_);
    cache_.inner_->announce_unanswered(request_);
  }

  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    if (auto* const recovery = cache_.inner_->recovery.get()) recovery->note(request);
    if (request.effect() == CacheEffect::store)
      cache_.inner_->note_store(request, cache_.effective_time_to_live(request.key, request.time_to_live),
                                ticket_);
    else
      cache_.forget_copies(request);
    cache_.inner_->announce(request);
    ended_ = true;
    cache_.inner_->count(request);
    return true;
  }

 private:
  TieredCache& cache_;
  const CacheRequest request_;
  const Inner::Ticket ticket_;
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
  const bool plain = request.effect() != CacheEffect::read || request.is_plain_read();
  if (request.is_batch() || inner_->near_waits || !plain || inner_->may_owe())
    return CacheLayer::do_begin_async(call);
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
  EntryLife life;
  if (auto answer = inner_->answer_unvouched(request.key, *request.destination, {}, life)) {
    request.end(*std::move(answer));
    return true;
  }
  return call.memory().make<AsyncFill>(*this, call.memory().copy(request.key)).go_down(call);
}

}  // namespace cachesite
