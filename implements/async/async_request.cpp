#include "basics/per_process.hpp"
#include "basics/process_number.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/cache.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace cachesite {

namespace {

// Held while a caller is told, by its request: the request may be gone before that ends, so it cannot be part of
// it.
class Telling {
 public:
  explicit Telling(const void* request) noexcept : turn_(turn_of(request)) {
    while (turn_.busy.exchange(true, std::memory_order_acquire))
      std::this_thread::yield();
  }
  ~Telling() { turn_.busy.store(false, std::memory_order_release); }
  Telling(const Telling&) = delete;
  Telling& operator=(const Telling&) = delete;

 private:
  struct alignas(64) Turn {
    std::atomic<bool> busy{false};
  };
  using Turns = std::array<Turn, 64>;

  static Turn& turn_of(const void* request) noexcept {
    static basics::PerProcess<Turns> turns;
    return turns.get()[reinterpret_cast<std::uintptr_t>(request) / 64 % std::tuple_size_v<Turns>];
  }

  Turn& turn_;
};

Error cancelled_error() {
  return Error(ErrorCode::closed, "the caller has asked for the end of the call");
}

}  // namespace

bool AsyncRequest::begin(ICache& cache, detail::OperationCaller& caller) noexcept {
  cache_ = &cache;
  caller_ = &caller;
  bool answered = true;
  try {
    answered = static_cast<AsyncCacheCalls&>(cache).do_begin_async(*this);
  } catch (...) {
    request_.fail_thrown();
  }
  return answered && unwind();
}

// Nothing of the request is touched once a step has made it wait.
bool AsyncRequest::unwind() noexcept {
  while (AsyncStep* const step = steps_) {
    steps_ = step->next_;
    try {
      if (!step->after(*this)) return false;
    } catch (...) {
      request_.fail_thrown();
    }
  }
  return true;
}

bool AsyncRequest::suspend(AsyncHolder& holder, IEventLoop& loop) noexcept {
  if (loop_ == nullptr) {
    owner_ = cache_->weak_from_this().lock();
    process_ = basics::process_number();
    loop_ = &loop;
  }
  holder_.store(&holder);
  state_.store(State::held);
  if (!cancelled_.load()) return true;
  state_.store(State::passing);
  request_.fail(cancelled_error());
  return false;
}

void AsyncRequest::resume() noexcept {
  state_.store(State::passing);
  if (!unwind()) return;
  const Telling telling(this);
  state_.store(State::ended);
  caller_->ended();
}

void AsyncRequest::cancel() noexcept {
  if (forked()) return;
  cancelled_.store(true);
  while (state_.load() == State::held && !holder_.load()->cancel(*this))
    std::this_thread::yield();
}

void AsyncRequest::abandon() noexcept {
  if (forked()) return;
  for (;; std::this_thread::yield()) {
    const State state = state_.load();
    if (state == State::held && holder_.load()->abandon(*this)) return;
    if (state != State::ended) continue;
    const Telling told(this);
    return;
  }
}

bool AsyncRequest::forked() const noexcept {
  return process_ != 0 && process_ != basics::process_number();
}

void AsyncRequest::copy_arguments() {
  request_.key = memory_.copy(request_.key);
  if (request_.value)
    request_.value = ByteView(memory_.copy({request_.value->data(), request_.value->size()}));
  if (!request_.is_batch()) return;
  if (request_.operation == CacheOperation::set_many) {
    const std::span entries(
        static_cast<CacheEntry*>(memory_.allocate(request_.entries.size() * sizeof(CacheEntry))),
        request_.entries.size());
    for (std::size_t item = 0; item < entries.size(); ++item) {
      const CacheEntry& given = request_.entries[item];
      auto& entry =
          *new (&entries[item]) CacheEntry{memory_.copy(given.key), std::nullopt, given.time_to_live};
      if (given.value) entry.value = ByteView(memory_.copy({given.value->data(), given.value->size()}));
    }
    request_.entries = entries;
  } else {
    const std::span keys(
        static_cast<std::string_view*>(memory_.allocate(request_.keys.size() * sizeof(std::string_view))),
        request_.keys.size());
    for (std::size_t item = 0; item < keys.size(); ++item)
      new (&keys[item]) std::string_view(memory_.copy(request_.keys[item]));
    request_.keys = keys;
  }
}

}  // namespace cachesite
