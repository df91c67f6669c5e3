#include "layers/failover/failover_course.hpp"

#include "basics/empty_answer.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace cachesite {

namespace {

// The first byte of a position tells which cache the walk is in.
constexpr char in_first = '1';
constexpr char in_second = '2';

}  // namespace

// A step of a scan in one of the caches, which has positions of its own.
class FailoverCache::Course::Walk {
 public:
  Walk(CacheRequest& request, bool second)
      : request_(request),
        position_(*request.position),
        place_(second ? in_second : in_first),
        before_(static_cast<std::ptrdiff_t>(request.found->size())) {
    if (!position_.text.empty()) own_.text = position_.text.substr(1);
    request_.position = &own_;
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;
  ~Walk() { request_.position = &position_; }

  void end(const Inner& inner) {
    if (place_ == in_first && inner.log.may_owe()) {
      auto& keys = *request_.found;
      keys.erase(std::remove_if(keys.begin() + before_, keys.end(),
                                [&](const std::string& key) { return inner.log.owes(key); }),
                 keys.end());
    }
    if (request_.error() != nullptr) return;
    position_.finished = own_.finished;
    position_.text = place_ + own_.text;
  }

 private:
  CacheRequest& request_;
  ScanPosition& position_;
  ScanPosition own_;
  const char place_;
  const std::ptrdiff_t before_;
};

// The keys of a change that is made in the second cache. When nobody waits for its end any more, it may still be made,
// at any time: so they are owed once more.
class FailoverCache::Course::Unconfirmed {
 public:
  explicit Unconfirmed(const Course& course) noexcept
      : course_(course), left_(course.changes_keys() ? course.failed_.size() : 0) {}
  Unconfirmed(const Unconfirmed&) = delete;
  Unconfirmed& operator=(const Unconfirmed&) = delete;
  ~Unconfirmed() {
    auto& log = course_.inner_.log;
    for (; any(); confirm())
      if (!guarded_call<bool>([&] { return log.remember_key(key(), true); }).ok()) log.note_forgotten();
  }

  [[nodiscard]] bool any() const noexcept { return left_ > 0; }
  [[nodiscard]] std::string_view key() const noexcept {
    return course_.key(course_.failed_[course_.failed_.size() - left_]);
  }
  void confirm() noexcept { --left_; }

 private:
  const Course& course_;
  std::size_t left_;
};

const FailoverCache::Course::Question* FailoverCache::Course::Questions::next() {
  coroutine_.resume();
  auto& promise = coroutine_.promise();
  if (!coroutine_.done()) return &promise.question;
  if (promise.thrown) std::rethrow_exception(promise.thrown);
  return nullptr;
}

const FailoverCache::Course::Question* FailoverCache::Course::next(bool caller_left) {
  caller_left_ = caller_left;
  return questions_.next();
}

bool FailoverCache::Course::is_walk(const CacheRequest& request) noexcept {
  return request.operation == CacheOperation::scan && !request.position->text.empty();
}

// The keys of a batch fare each by itself.
FailoverCache::Course::Questions FailoverCache::Course::ask(bool uses_first) {
  auto& log = inner_.log;
  for (bool insist = false;; insist = true) {
    if (!uses_first) {
      fail(log.last_error().with(Outcome::not_done));
    } else if (failed_.empty()) {
      Status settled = Done{};
      if (auto part = owed(); !part.empty()) {
        layers::KeyRemoval removal(std::move(part));
        CacheRequest question = removal.question();
        co_yield Question{false, &question};
        log.take_from_first(removal);
        if (inner_.second && !removal.keys.empty()) {
          question = removal.question();
          co_yield Question{true, &question};
        }
        // With its caller gone, what has failed says nothing, and all is owed as before.
        settled = caller_left_ ? removal.failure : log.judge_settling(log.end(removal));
      }
      if (!settled.ok()) {
        fail(settled.error());
        keep_outages();
      } else {
        if (layers::changes_entries(request_) && !changes_keys() && inner_.second && log.may_owe()) {
          CacheRequest same = request_;
          co_yield Question{true, &same};
        }
        if (request_.operation == CacheOperation::scan) {
          Walk walk(request_, false);
          co_yield Question{false, &request_};
          walk.end(inner_);
        } else {
          co_yield Question{false, &request_};
        }
        failed_ = inner_.note_first(request_, caller_left_);
      }
    }
    if (failed_.empty()) co_return;
    if (uses_first || !inner_.second) tell();
    if (owe(insist)) break;
    failed_.clear();
    uses_first = true;
  }
  if (inner_.second) {
    inner_.failover_calls.fetch_add(1, std::memory_order_relaxed);
    const bool may_be_done_by_first = may_be_done();
    {
      Unconfirmed unconfirmed(*this);
      if (request_.is_batch()) {
        detail::BatchPart part(request_, failed_);
        for (auto& entry : part.entries())
          entry.time_to_live = inner_.limited(entry.time_to_live);
        co_yield Question{true, &part.request()};
        part.hand_back();
      } else if (request_.operation == CacheOperation::scan) {
        Walk walk(request_, true);
        co_yield Question{true, &request_};
        walk.end(inner_);
      } else {
        CacheRequest same = request_;
        same.time_to_live = inner_.limited(request_.time_to_live);
        if (same.operation == CacheOperation::persist && same.time_to_live.expires())
          same.operation = CacheOperation::expire;
        co_yield Question{true, &same};
        request_.end_as(same);
      }
      if (may_be_done_by_first) say_that_it_may_be_done();
      for (; unconfirmed.any() && !caller_left_; unconfirmed.confirm()) {
        if (log.confirm_key(unconfirmed.key())) continue;
        CacheRequest removal(CacheOperation::remove, unconfirmed.key());
        co_yield Question{true, &removal};
        if (caller_left_) break;
      }
    }
    keep_outages();
    if (failed_.empty()) co_return;
    tell();
  }
  if (inner_.on_error != OnError::error) degrade();
}

FailoverCache::Course::Questions FailoverCache::Course::walk_on() {
  const bool second = request_.position->text.front() == in_second;
  {
    Walk walk(request_, second);
    co_yield Question{second, &request_};
    walk.end(inner_);
  }
  if (second || !Inner::is_outage(request_.error(), caller_left_)) co_return;
  inner_.log.note_failure(*request_.error());
  inner_.tell(request_.operation, request_.key, *request_.error());
}

std::string_view FailoverCache::Course::key(std::size_t item) const noexcept {
  return request_.is_batch() ? request_.key_of(item) : request_.key;
}

// What the first cache must not be asked about before it is removed.
layers::OwedRemovals::Part FailoverCache::Course::owed() const {
  if (inner_.is_stopped() || !inner_.log.may_owe()) return {};
  std::vector<std::string_view> keys;
  if (request_.is_batch() || request_.subject() == CacheSubject::key)
    for (std::size_t item = 0; item < Inner::items(request_); ++item)
      keys.push_back(key(item));
  return keys.empty() ? layers::OwedRemovals::Part() : inner_.log.owed_of(keys);
}

// Before a change is made anywhere but in the first cache. False means that the first works again, unless it
// is insisted on.
bool FailoverCache::Course::owe(bool insist) {
  if (!layers::changes_entries(request_)) return true;
  if (request_.subject() == CacheSubject::pattern) return inner_.log.remember_pattern(request_.key, insist);
  if (request_.subject() == CacheSubject::everything) return inner_.log.remember_clear(insist);
  bool owed = true;
  for (const auto item : failed_)
    if (!inner_.log.remember_key(key(item), insist)) owed = false;
  return owed;
}

bool FailoverCache::Course::changes_keys() const noexcept {
  return layers::changes_entries(request_) &&
         (request_.is_batch() || request_.subject() == CacheSubject::key);
}

void FailoverCache::Course::fail(const Error& error) {
  request_.fail(error);
  failed_.resize(Inner::items(request_));
  std::iota(failed_.begin(), failed_.end(), std::size_t{0});
}

// By a cache that has failed.
bool FailoverCache::Course::may_be_done() const noexcept {
  return layers::changes_entries(request_) &&
         std::any_of(failed_.begin(), failed_.end(), [this](std::size_t item) {
           const auto* const error = Inner::error(request_, item);
           return error != nullptr && error->outcome() == Outcome::unknown;
         });
}

// Though the second cache has certainly not done it.
void FailoverCache::Course::say_that_it_may_be_done() noexcept {
  for (const auto item : failed_) {
    const auto* const error = Inner::error(request_, item);
    if (error == nullptr) continue;
    const Error raised = error->with(Outcome::unknown);
    if (request_.is_batch())
      request_.fail(item, raised);
    else
      request_.fail(raised);
  }
}

void FailoverCache::Course::keep_outages() {
  failed_.erase(std::remove_if(failed_.begin(), failed_.end(),
                               [this](std::size_t item) {
                                 return !Inner::is_outage(Inner::error(request_, item), caller_left_);
                               }),
                failed_.end());
}

void FailoverCache::Course::tell() const noexcept {
  for (const auto item : failed_)
    inner_.tell(request_.operation, key(item), *Inner::error(request_, item));
}

void FailoverCache::Course::degrade() noexcept {
  inner_.degraded_calls.fetch_add(1, std::memory_order_relaxed);
  if (request_.effect() == CacheEffect::count) return;
  for (const auto item : failed_)
    if (request_.is_batch())
      basics::answer_as_empty(request_, item);
    else
      basics::answer_as_empty(request_);
}

}  // namespace cachesite
