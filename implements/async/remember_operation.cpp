#include "async/remember_operation.hpp"

#include "basics/crew.hpp"
#include "basics/per_process.hpp"

#include <cachesite/detail/cache_rules.hpp>
#include <cachesite/event_loop.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <utility>

namespace cachesite::async {

namespace {

Lookup cancelled() {
  return Lookup(Error(ErrorCode::closed, "the caller has asked for the end of the call", Outcome::unknown));
}

}  // namespace

RememberOperation::~RememberOperation() {
  if (kept_ != nullptr) kept_->~AsyncFactory();
}

std::optional<Error> RememberOperation::refusal() {
  if (!time_to_live_.specified()) time_to_live_ = computing_.effective_time_to_live(key_, time_to_live_);
  if (!view_.is_set() && !time_to_live_.specified())
    return detail::refusal_of_key(key_);  // the loader's affair
  return detail::refusal_of_entry(key_, std::nullopt, time_to_live_);
}

bool RememberOperation::begin(detail::OperationCaller& caller) noexcept {
  caller_ = &caller;
  try {
    if (const auto refused = refusal()) {
      computing_.on_refused();
      return end(*refused), true;
    }
    if (patience_) begun_ = std::chrono::steady_clock::now();
    ICache* const cache = computing_.async_owner();
    if (cache != nullptr && computing_.reads_first(reads_begun_))
      return CacheAccess::may_wait(*cache) ? read_later(*cache) : read_at_once(*cache);
    pass_on(std::nullopt);
    return false;
  } catch (...) {
    return end(thrown_failure()), true;
  }
}

bool RememberOperation::read_at_once(ICache& cache) {
  auto found = CacheAccess::read_at_once(cache, key_, value_);
  if (is_final(found)) return true;
  pass_on(std::move(found));
  return false;
}

// From here on nothing of the caller is used.
bool RememberOperation::read_later(ICache& cache) {
  keep_factory();
  CacheRequest request(CacheOperation::read, key_);
  request.destination = &value_;
  request_.emplace(patience_, request);
  request_->keep_arguments();
  key_ = request_->request().key;
  if (!request_->begin(cache, *this)) return false;
  auto found = request_->request().answer<Found>();
  if (is_final(found)) return true;
  pass_on(std::move(found));
  request_.reset();  // it has ended without telling, so nothing of it can be abandoned
  return false;
}

// The read has been answered, on any thread, which must not be kept.
void RememberOperation::ended() noexcept {
  try {
    auto found = request_->request().answer<Found>();
    if (!is_final(found)) {
      IEventLoop& loop = *request_->loop();
      return make_pending(std::move(found))->begin_by(loop);
    }
  } catch (...) {
    end(thrown_failure());
  }
  caller_->ended();
}

// Whether it is the answer of the call.
bool RememberOperation::is_final(const Result<Found>& found) {
  if (found.ok()) {
    if (found.value() == Found::miss || computing_.is_due(key_)) return false;
    found_ = found;
    return true;
  }
  const bool is_late = patience_ && found.error().code() == ErrorCode::timeout;
  if (is_late || is_cancelled()) end(found.error());
  return is_late || is_cancelled();
}

void RememberOperation::pass_on(std::optional<Result<Found>> found) {
  loop_ = EventLoop::shared().get();
  make_pending(std::move(found))->begin();
}

void RememberOperation::keep_factory() {
  if (!view_.is_set()) return;
  kept_ = view_.place_in(room_, room);
  if (kept_ == nullptr) owned_ = view_.make();
}

std::shared_ptr<detail::AsyncFactory> RememberOperation::take_factory() {
  if (kept_ != nullptr) return kept_->move_out();
  if (owned_ || !view_.is_set()) return std::move(owned_);
  return view_.make();
}

// Nothing of the operation is touched once the call may be answered by a cancellation.
std::shared_ptr<detail::PendingComputation> RememberOperation::make_pending(
    std::optional<Result<Found>> found) {
  using std::chrono::milliseconds;
  ICache* const cache = computing_.async_owner();
  const auto pending = std::make_shared<detail::PendingComputation>(
      computing_, cache != nullptr ? cache->weak_from_this().lock() : nullptr, key_, time_to_live_,
      take_factory(), *caller_);
  if (begun_)
    pending->patience = std::max(
        milliseconds(0),
        *patience_ - std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - *begun_));
  pending->found = std::move(found);
  pending->value = std::move(value_);
  pending->reads_begun = reads_begun_;
  pending_ = pending;
  if ((marks_.fetch_or(shown_mark) & cancelled_mark) != 0) pending->answer(cancelled());
  return pending;
}

void RememberOperation::cancel() noexcept {
  const auto before = marks_.fetch_or(cancelled_mark);
  if (request_) request_->cancel();
  if ((before & shown_mark) != 0) pending_->answer(cancelled());
}

void RememberOperation::abandon() noexcept {
  if (request_) request_->abandon();
  if (pending_) pending_->abandon();
}

Lookup RememberOperation::take_result() noexcept {
  if (pending_) return pending_->take();
  return found_.ok() ? Lookup(found_.value(), std::move(value_)) : Lookup(found_.error());
}

}  // namespace cachesite::async

namespace cachesite {

namespace {

// Those that make calls of computing caches without an asynchronous form.
constexpr basics::Crew::Limits worker_limits{32, 4096};

basics::Crew& workers() {
  static basics::PerProcess<basics::Crew> crew;
  return crew.get();
}

}  // namespace

AsyncCall<Lookup> IComputingCache::begin_async(std::string_view key, TimeToLive time_to_live,
                                               const detail::FactoryView& factory,
                                               const CallOptions& options) {
  return {std::in_place_type<async::RememberOperation>,
          options,
          *this,
          key,
          time_to_live,
          factory,
          options.patience};
}

AsyncCall<Lookup> IComputingCache::async_get_or_load(std::string_view key, const CallOptions& options) {
  return begin_async(key, TimeToLive::unspecified(), {}, options);
}

void IComputingCache::do_begin_remember(const std::shared_ptr<detail::PendingComputation>& call) {
  if (!workers().run([this, call] { answer_by_worker(*call); }, worker_limits))
    call->answer(Lookup(Error(ErrorCode::refused, "too many asynchronous calls wait for a worker")));
}

void IComputingCache::answer_by_worker(detail::PendingComputation& call) noexcept {
  if (call.answered()) return;
  try {
    if (!call.factory) return call.answer(do_get_or_load(call.key, call.time_to_live));
    Computation computation;
    computation.deadline = call.patience;
    computation.contextual = [&call](const ComputeContext& context) { return call.factory->make(context); };
    call.answer(do_remember(call.key, call.time_to_live, computation));
  } catch (...) {
    call.answer(Lookup(thrown_failure()));
  }
}

}  // namespace cachesite
