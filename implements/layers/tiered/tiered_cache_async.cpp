#include "layers/tiered/tiered_cache_inner.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/detail/batch_part.hpp>
#include <cachesite/detail/complete_lives.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/tiered_cache.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

// A read that the near tier has nothing for: reads the far tier, and asks it how long the entry still lives if it
// has not told.
class TieredCache::AsyncFill final : public AsyncStep {
 public:
  AsyncFill(TieredCache& cache, std::string_view key, std::span<EntryLife> lives) noexcept
      : cache_(cache),
        key_(key),
        lives_(lives),
        ticket_(cache.inner_->near.ticket(key)),
        asked_(cache.inner_->near.now()) {}

  bool go_down(AsyncRequest& call) {
    CacheRequest& request = call.request();
    request.key = key_;
    request.lives = destination_ == nullptr ? std::span(&life(), 1) : std::span<EntryLife>();
    call.repeat(*this);
    return cache_.forward_async(call);
  }
  bool after(AsyncRequest& call) override {
    return destination_ == nullptr ? after_read(call.request(), call) : after_question(call.request());
  }

 private:
  EntryLife& life() noexcept { return lives_.empty() ? own_life_ : lives_.front(); }

  bool after_read(CacheRequest& request, AsyncRequest& call) {
    auto& inner = *cache_.inner_;
    request.lives = lives_;
    inner.note_answer(request, call);
    const auto* const found = request.answered<Found>();
    if (found == nullptr || *found == Found::miss) life().left = Remaining();
    if (found == nullptr) {
      const auto error = inner.failed(request.answer<Found>().error());
      if (const auto stale = inner.copy_instead(key_, *request.destination, error, {}, life()))
        request.end(Result<Found>(*stale));
      return true;
    }
    found_ = *found;
    inner.count_far(found_);
    if (found_ == Found::miss || life().stale || life().left.state != Remaining::State::absent) {
      inner.keep(key_, found_, *request.destination, life(), asked_, ticket_);
      return true;
    }
    destination_ = std::exchange(request.destination, nullptr);
    request.operation = CacheOperation::time_to_live;
    return go_down(call);
  }
  bool after_question(CacheRequest& request) {
    request.operation = CacheOperation::read;
    request.destination = destination_;
    request.lives = lives_;
    if (const auto* const left = request.answered<Remaining>()) life().left = *left;
    cache_.inner_->keep(key_, found_, *destination_, life(), asked_, ticket_);
    request.end(Result<Found>(found_));
    return true;
  }

  TieredCache& cache_;
  const std::string_view key_;
  const std::span<EntryLife> lives_;
  const Inner::Ticket ticket_;
  const IClock::TimePoint asked_;
  Found found_ = Found::miss;
  EntryLife own_life_;
  Value* destination_ = nullptr;  // once the far tier has been read
};

// The same for the items of a batch.
class TieredCache::AsyncFills final : public AsyncStep {
 public:
  AsyncFills(TieredCache& cache, const CacheRequest& whole, std::vector<std::size_t> places)
      : cache_(cache),
        whole_(whole),
        part_(whole_, std::move(places)),
        reads_(*cache.inner_, part_.request()) {}

  bool go_down(AsyncRequest& call) {
    ask_as(call.request(), part_.request());
    call.repeat(*this);
    return cache_.forward_async(call);
  }
  bool after(AsyncRequest& call) override {
    if (!unknown_) {
      cache_.inner_->note_answer(part_.request(), call);
      if (find_unknown()) return ask_for_lives(call);
    } else {
      unknown_->take_answers();
    }
    ask_as(call.request(), whole_);
    reads_.take(part_.request());
    part_.hand_back();
    return true;
  }

 private:
  static void ask_as(CacheRequest& request, const CacheRequest& other) noexcept {
    request.operation = other.operation;
    request.keys = other.keys;
    request.results = other.results;
    request.lives = other.lives;
  }
  bool ask_for_lives(AsyncRequest& call) {
    unknown_->put_question(call.request());
    call.repeat(*this);
    return cache_.forward_async(call);
  }
  // Without memory lives stay unknown.
  bool find_unknown() noexcept {
    const auto found = guarded_call<bool>([&]() -> Result<bool> {
      unknown_.emplace(part_.request());
      return !unknown_->empty();
    });
    return found.value_or(false);
  }

  TieredCache& cache_;
  const CacheRequest whole_;
  detail::BatchPart part_;
  FarReads reads_;
  std::optional<detail::UnknownLives> unknown_;  // once the far tier has been read
};

// Forgets or replaces copies of what has been changed, also when its caller is gone.
class TieredCache::AsyncChange final : public AsyncStep {
 public:
  AsyncChange(TieredCache& cache, const CacheRequest& request)
      : cache_(cache), request_(request), tickets_(cache.inner_->near, request) {}
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
    cache_.inner_->note_answer(call.request(), call);
    cache_.note_change(call.request(), tickets_);
    ended_ = true;
    cache_.inner_->count(call.request());
    return true;
  }

 private:
  TieredCache& cache_;
  const CacheRequest request_;
  const StoreTickets tickets_;
  bool ended_ = false;
};

class TieredCache::AsyncLook final : public AsyncStep {
 public:
  explicit AsyncLook(TieredCache& cache) noexcept : cache_(cache) {}
  bool after(AsyncRequest& call) override {
    cache_.inner_->note_answer(call.request(), call);
    cache_.inner_->count(call.request());
    return true;
  }

 private:
  TieredCache& cache_;
};

bool TieredCache::may_wait() const noexcept {
  return below_may_wait() || inner_->near_waits;
}

// Workers wait for the news, where a read asks for that, and for what is removed after an outage. A copy that answers
// needs none of it.
bool TieredCache::do_begin_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  if (inner_->near_waits) return CacheLayer::do_begin_async(call);
  if (request.stale != nullptr) {
    read_copy(request);
    return true;
  }
  if (!request.read_limits().empty()) return CacheLayer::do_begin_async(call);
  if (request.operation == CacheOperation::read) return read_async(call);
  if (inner_->may_owe()) return CacheLayer::do_begin_async(call);
  switch (request.effect()) {
    case CacheEffect::read:
      return read_many_async(call);
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
  EntryLife own_life;
  EntryLife& life = request.lives.empty() ? own_life : request.lives.front();
  const auto known = request.lives.empty()
                         ? inner_->known(request.key, *request.destination)
                         : inner_->known_within(request.key, *request.destination, {}, life);
  if (known) {
    request.end(Result<Found>(*known));
    return true;
  }
  life = EntryLife();
  if (inner_->may_owe()) return CacheLayer::do_begin_async(call);
  if (auto answer = inner_->answer_unvouched(request.key, *request.destination, {}, life)) {
    request.end(*std::move(answer));
    return true;
  }
  return call.memory().make<AsyncFill>(*this, call.memory().copy(request.key), request.lives).go_down(call);
}

bool TieredCache::read_many_async(AsyncRequest& call) {
  if (stopped()) return forward_async(call);
  auto places = inner_->answer_items(call.request());
  if (places.empty()) return true;
  call.keep_arguments();
  return call.memory().make<AsyncFills>(*this, call.request(), std::move(places)).go_down(call);
}

}  // namespace cachesite
