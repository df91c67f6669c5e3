#include "layers/tagged/marked_entries.hpp"
#include "layers/tagged/untagged.hpp"

#include <cachesite/async_request.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::layers {

namespace {

// What a request asks for, beside values and TTLs.
void ask_as(CacheRequest& request, const CacheRequest& other) noexcept {
  request.operation = other.operation;
  request.key = other.key;
  request.destination = other.destination;
  request.lives = other.lives;
  request.keys = other.keys;
  request.results = other.results;
}

}  // namespace

// A batch of reads, and the question for the markers of what was found.
class MarkedEntries::AsyncReads final : public AsyncStep {
 public:
  AsyncReads(MarkedEntries& cache, const CacheRequest& own) noexcept : cache_(cache), own_(own) {}

  bool after(AsyncRequest& call) override {
    if (!check_) {
      check_.emplace(own_.results_as<Lookup>());
      if (check_->asks()) {
        check_->put_question(call.request());
        call.repeat(*this);
        return cache_.forward_async(call);
      }
    }
    ask_as(call.request(), own_);
    check_->finish();
    return true;
  }

 private:
  MarkedEntries& cache_;
  const CacheRequest own_;
  std::optional<MarkCheck> check_;  // once the entries have been read
};

// The same for one key.
class MarkedEntries::AsyncRead final : public AsyncStep {
 public:
  AsyncRead(MarkedEntries& cache, const CacheRequest& own) noexcept : cache_(cache), own_(own) {}

  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    if (!check_) {
      const auto* const found = request.answered<Found>();
      if (found == nullptr || *found != Found::hit || !looks_tagged(own_.destination->text())) return true;
      read_ = Lookup(Found::hit, std::move(*own_.destination));
      *own_.destination = Value();
      check_.emplace(std::span(&read_, 1));
      if (check_->asks()) {
        check_->put_question(request);
        call.repeat(*this);
        return cache_.forward_async(call);
      }
    }
    ask_as(request, own_);
    check_->finish();
    if (read_.failed())
      request.fail(read_.error());
    else
      request.end(Result<Found>(read_.hit() ? Found::hit : read_.null() ? Found::null : Found::miss));
    if (read_.hit()) *own_.destination = std::move(read_).value();
    return true;
  }

 private:
  MarkedEntries& cache_;
  const CacheRequest own_;
  Lookup read_;
  std::optional<MarkCheck> check_;  // once the entry has been read
};

// A batch of questions for lives: reads the entries that have one, to see whether they are still there.
class MarkedEntries::AsyncLives final : public AsyncStep {
 public:
  AsyncLives(MarkedEntries& cache, const CacheRequest& own) noexcept : cache_(cache), own_(own) {}

  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    if (!present_) {
      present_.emplace(own_.keys, own_.results_as<Result<Remaining>>());
      if (present_->keys().empty()) return true;
      request.operation = CacheOperation::get_many;
      request.keys = present_->keys();
      request.results = present_->found();
      call.repeat(*this);
      call.add_step<AsyncReads>(cache_, request);
      return cache_.forward_async(call);
    }
    ask_as(request, own_);
    present_->drop_evicted();
    return true;
  }

 private:
  MarkedEntries& cache_;
  const CacheRequest own_;                 // its arguments are kept
  std::optional<PresentEntries> present_;  // once the lives are known
};

// What depends on whether an entry is there whose tags have not been evicted.
class MarkedEntries::AsyncExamined final : public AsyncStep {
 public:
  AsyncExamined(MarkedEntries& cache, const CacheRequest& own)
      : cache_(cache), own_(own), value_(own.value), examines_(needs_entry(own.operation)) {}

  bool begin(AsyncRequest& call) { return examines_ ? read(call) : go_on(call); }
  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    if (examines_) return after_read(call);
    request.value = own_.value;
    if (ended_) return true;
    if (request.operation == CacheOperation::time_to_live) {
      const auto* const left = request.answered<Remaining>();
      if (left == nullptr || left->state == Remaining::State::absent) return true;
      left_ = *left;
    } else {
      const auto* const added = request.answered<bool>();
      if (added == nullptr || *added) return true;
    }
    examines_ = true;
    return read(call);
  }

 private:
  static bool needs_entry(CacheOperation operation) noexcept {
    return operation == CacheOperation::contains || operation == CacheOperation::replace;
  }
  bool read(AsyncRequest& call) {
    CacheRequest& request = call.request();
    request.operation = CacheOperation::read;
    request.value.reset();
    request.destination = &stored_;
    call.repeat(*this);
    call.add_step<AsyncRead>(cache_, request);
    return cache_.forward_async(call);
  }
  // With the value as it is stored.
  bool go_on(AsyncRequest& call) {
    call.request().value = value_.value();
    call.repeat(*this);
    return cache_.forward_async(call);
  }
  bool after_read(AsyncRequest& call) {
    CacheRequest& request = call.request();
    examines_ = false;
    ended_ = true;
    const auto* const found = request.answered<Found>();
    const bool there = found != nullptr && *found != Found::miss;
    ask_as(request, own_);
    request.value = own_.value;
    if (found == nullptr) return true;
    switch (own_.operation) {
      case CacheOperation::time_to_live:
        request.end(Result<Remaining>(there ? left_ : Remaining()));
        return true;
      case CacheOperation::replace:
        if (there) return go_on(call);
        break;
      case CacheOperation::add:
        if (!there) return cache_.CacheLayer::do_begin_async(call);  // a worker makes room, in its turn
        request.end(Result<bool>(false));
        return true;
      default:
        break;
    }
    request.end(Result<bool>(there));
    return true;
  }

  MarkedEntries& cache_;
  const CacheRequest own_;  // its arguments are kept
  const Untagged value_;
  bool examines_;
  bool ended_ = false;
  Remaining left_;
  Value stored_;
};

class MarkedEntries::OwnValue final : public AsyncStep {
 public:
  explicit OwnValue(std::optional<ByteView> value) : value_(value), stored_(value) {}
  [[nodiscard]] std::optional<ByteView> stored() const noexcept { return stored_.value(); }
  bool after(AsyncRequest& call) override {
    call.request().value = value_;
    return true;
  }

 private:
  const std::optional<ByteView> value_;
  const Untagged stored_;
};

class MarkedEntries::OwnEntries final : public AsyncStep {
 public:
  explicit OwnEntries(std::span<const CacheEntry> entries)
      : own_(entries), stored_(entries.begin(), entries.end()) {
    for (auto& entry : stored_)
      entry.value = values_.emplace_back(entry.value).value();
  }
  [[nodiscard]] std::span<const CacheEntry> stored() const noexcept { return stored_; }
  bool after(AsyncRequest& call) override {
    call.request().entries = own_;
    return true;
  }

 private:
  const std::span<const CacheEntry> own_;
  std::vector<CacheEntry> stored_;
  std::deque<Untagged> values_;
};

// A counter in place of an evicted entry: a worker makes room, in its turn.
class MarkedEntries::AsyncCount final : public AsyncStep {
 public:
  explicit AsyncCount(MarkedEntries& cache) noexcept : cache_(cache) {}
  bool after(AsyncRequest& call) override {
    const auto* const error = call.request().error();
    if (error == nullptr || error->code() != ErrorCode::refused) return true;
    return cache_.CacheLayer::do_begin_async(call);
  }

 private:
  MarkedEntries& cache_;
};

bool MarkedEntries::do_begin_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  if (request.stale != nullptr) return CacheLayer::do_begin_async(call);
  switch (request.effect()) {
    case CacheEffect::read:
      if (request.is_batch())
        call.add_step<AsyncReads>(*this, request);
      else
        call.add_step<AsyncRead>(*this, request);
      return forward_async(call);
    case CacheEffect::look:
      call.keep_arguments();
      if (!request.is_batch()) return call.memory().make<AsyncExamined>(*this, request).begin(call);
      call.add_step<AsyncLives>(*this, request);
      return forward_async(call);
    case CacheEffect::store:
      return store_async(call);
    case CacheEffect::count:
      call.keep_arguments();
      call.add_step<AsyncCount>(*this);
      return forward_async(call);
    case CacheEffect::prolong:
      return CacheLayer::do_begin_async(call);
    case CacheEffect::remove:
    case CacheEffect::list:
      break;
  }
  return forward_async(call);
}

bool MarkedEntries::store_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  if (request.is_batch()) {
    request.entries = call.add_step<OwnEntries>(request.entries).stored();
    return forward_async(call);
  }
  if (request.operation == CacheOperation::write) {
    request.value = call.add_step<OwnValue>(request.value).stored();
    return forward_async(call);
  }
  call.keep_arguments();
  return call.memory().make<AsyncExamined>(*this, request).begin(call);
}

}  // namespace cachesite::layers
