#include "layers/base/caller_left.hpp"
#include "layers/failover/failover_cache_inner.hpp"
#include "layers/failover/failover_course.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/async_request.hpp>
#include <cachesite/detail/async_factory.hpp>
#include <cachesite/failover_cache.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace cachesite {

namespace {

using layers::caller_left;
using layers::OutageLog;

template <class Inner>
struct Helper {
  std::shared_ptr<Inner> inner;
  OutageLog::Turn turn;  // ends first
};

// Removes some of what is owed. No call waits for it, since the end of a call must not end it.
template <class Inner>
detail::DetachedCoroutine remove_some(Helper<Inner> helper) {
  try {
    Inner& inner = *helper.inner;
    OutageLog& log = inner.log;
    const auto part = log.next_part();
    if (part.empty()) co_return;
    Status removed = Done{};
    if (part.clear) {
      auto asked = inner.first->async_clear();
      const Status cleared = co_await std::move(asked);
      removed = log.take_from_first(part, cleared);
    } else if (part.pattern) {
      auto asked = inner.first->async_remove_matching(part.pattern->first);
      const Result<std::uint64_t> count = co_await std::move(asked);
      removed = log.take_from_first(part, count.ok() ? Status(Done{}) : Status(count.error()));
    } else {
      layers::KeyRemoval removal(part);
      auto asked = inner.first->async_remove_many(removal.keys, std::span<Result<bool>>(removal.results));
      removed = co_await std::move(asked);
      if (removed.ok()) {
        log.take_from_first(removal);
        if (inner.second && !removal.keys.empty()) {
          auto also = inner.second->async_remove_many(removal.keys, std::span<Result<bool>>(removal.results));
          (void)co_await std::move(also);
        }
        removed = log.end(removal);
      }
    }
    (void)log.end_part(part, removed);
  } catch (...) {  // what is owed stays so
  }
}

}  // namespace

// A call beside the usual way.
class FailoverCache::AsyncCourse final : public AsyncStep {
 public:
  AsyncCourse(FailoverCache& cache, const CacheRequest& request, Inner::Items failed, bool uses_first)
      : cache_(cache), request_(request), course_(*cache.inner_, request_, std::move(failed), uses_first) {}

  bool go_on(AsyncRequest& call, bool left = false) {
    try {
      question_ = course_.next(left);
    } catch (...) {
      request_.fail_thrown();
      question_ = nullptr;
    }
    if (question_ == nullptr) {
      call.request() = request_;
      return true;
    }
    call.request() = *question_->request;
    call.repeat(*this);
    return question_->second ? begin_async(*cache_.inner_->second, call) : cache_.forward_async(call);
  }
  bool after(AsyncRequest& call) override {
    question_->request->end_as(call.request());
    return go_on(call, caller_left(call));
  }

 private:
  FailoverCache& cache_;
  CacheRequest request_;
  Course course_;
  const Course::Question* question_ = nullptr;
};

// The usual way: the first cache has answered.
class FailoverCache::AsyncFirst final : public AsyncStep {
 public:
  explicit AsyncFirst(FailoverCache& cache) noexcept : cache_(cache) {}
  bool after(AsyncRequest& call) override {
    const CacheRequest& request = call.request();
    const bool failed = request.is_batch() || request.error() != nullptr;
    auto items = cache_.inner_->note_first(request, failed && caller_left(call));
    return items.empty() ||
           call.memory().make<AsyncCourse>(cache_, request, std::move(items), true).go_on(call);
  }

 private:
  FailoverCache& cache_;
};

// The function of `on_error: callback` may block, so a thread of the pool makes the calls.
bool FailoverCache::do_begin_async(AsyncRequest& call) {
  auto& inner = *inner_;
  if (inner.on_error == OnError::callback) return CacheLayer::do_begin_async(call);
  call.keep_arguments();
  if (inner.goes_straight(call.request())) {
    call.add_step<AsyncFirst>(*this);
    return forward_async(call);
  }
  bool uses_first = Course::is_walk(call.request()) || inner.is_stopped();
  if (!uses_first) {
    if (auto turn = inner.log.take_turn()) remove_some(Helper<Inner>{inner_, *std::move(turn)});
    uses_first = inner.log.may_use_first_as_it_is();
  }
  return call.memory().make<AsyncCourse>(*this, call.request(), Inner::Items(), uses_first).go_on(call);
}

}  // namespace cachesite
