#include "basics/checked_options.hpp"
#include "codecs/value_chain.hpp"
#include "layers/base/call_counters.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/codec_cache.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

// An asynchronous call has longer values encoded and decoded by workers, since it takes long.
constexpr std::size_t longest_at_once = std::size_t{64} * 1024;

std::shared_ptr<ICache> cache_of(const CodecCacheOptions& options) {
  if (!options.over.component()) throw std::invalid_argument("a CodecCache needs a cache: over is not set");
  return options.over.component();
}

}  // namespace

class CodecCache::Inner {
 public:
  using Counters = layers::CallCounters;

  Inner(CodecCacheOptions options, const ComponentContext& context)
      : on_undecodable(options.on_undecodable),
        chain(std::move(options)),
        label_(context.label),
        logger_(context.logger),
        clock_(context.clock) {
    for (auto& time : last_warning_)
      time.store(never, std::memory_order_relaxed);
  }

  void count(const CacheRequest& request) noexcept {
    calls.add(request, layers::end_of(request));
    count_failures(request, request.effect() == CacheEffect::store);
  }

  void count_stored(std::size_t plain, std::size_t stored) noexcept {
    Counters::add(values_written);
    Counters::add(plain_bytes, plain);
    Counters::add(stored_bytes, stored);
  }

  Result<Found> on_failure(Undecodable reason) {
    const auto index = static_cast<std::size_t>(reason);
    Counters::add(undecodable[index]);
    warn(reason, last_warning_[index]);
    if (on_undecodable == OnUndecodable::miss) return Found::miss;
    const auto code = reason == Undecodable::too_large ? ErrorCode::too_large : ErrorCode::corrupt;
    return Error(code, std::string(codecs::ValueChain::sentence(reason)));
  }

  const OnUndecodable on_undecodable;
  const codecs::ValueChain chain;
  Counters calls;
  Counters::Counter values_written{0}, plain_bytes{0}, stored_bytes{0}, old_forms_read{0};
  std::array<Counters::Counter, undecodable_reasons> undecodable{};

 private:
  // A value that is too large to be stored is refused; anything else has failed.
  void count_failures(const CacheRequest& request, bool stores) noexcept {
    const auto add = [&](const Error& error) {
      Counters::add(stores && error.code() == ErrorCode::too_large ? calls.refusals : calls.failures);
    };
    if (const auto* error = request.error()) add(*error);
    request.for_each_result([&](std::size_t, const auto& result) {
      if (!result.ok()) add(result.error());
    });
  }

  using Time = std::chrono::steady_clock::duration::rep;
  static constexpr Time never = std::numeric_limits<Time>::min();

  void warn(Undecodable reason, std::atomic<Time>& last) noexcept {
    constexpr auto pause = std::chrono::minutes(1);
    const auto now = clock_->now().time_since_epoch();
    auto before = last.load(std::memory_order_relaxed);
    if (before != never && now - std::chrono::steady_clock::duration(before) < pause) return;
    if (!last.compare_exchange_strong(before, now.count(), std::memory_order_relaxed)) return;
    const std::array attributes{LogAttribute{"component", label_}, LogAttribute{"reason", to_string(reason)}};
    logger_->write(LogLevel::warning, "codec", codecs::ValueChain::sentence(reason), attributes);
  }

  const std::string label_;
  const std::shared_ptr<ILogger> logger_;
  const std::shared_ptr<const IClock> clock_;
  std::array<std::atomic<Time>, undecodable_reasons> last_warning_{};
};

CodecCache::CodecCache(CodecCacheOptions options, const ComponentContext& context)
    : ValueLayer(cache_of(options)),
      inner_(std::make_unique<Inner>(checked_options("CodecCache", std::move(options)), context)) {}

CodecCache::~CodecCache() = default;

CacheStatistics CodecCache::statistics() const {
  auto statistics = below()->statistics();
  const auto& calls = inner_->calls;
  calls.fill(statistics);
  statistics.clears = Inner::Counters::value_of(calls.clears);
  statistics.failures = Inner::Counters::value_of(calls.failures);
  statistics.refusals = Inner::Counters::value_of(calls.refusals);
  return statistics;
}

CodecStatistics CodecCache::codec_statistics() const {
  CodecStatistics statistics;
  const auto read = Inner::Counters::value_of;
  statistics.values_written = read(inner_->values_written);
  statistics.plain_bytes = read(inner_->plain_bytes);
  statistics.stored_bytes = read(inner_->stored_bytes);
  statistics.old_forms_read = read(inner_->old_forms_read);
  for (std::size_t index = 0; index < undecodable_reasons; ++index)
    statistics.undecodable[index] = read(inner_->undecodable[index]);
  return statistics;
}

Result<ByteView> CodecCache::to_stored(std::string_view key, ByteView value, std::string& memory) {
  const auto encoded = inner_->chain.encode(value, key, memory);
  if (!encoded.ok()) return encoded.error();
  return ByteView(memory);
}

Result<Found> CodecCache::from_stored(std::string_view key, const Value& stored, Value& destination) {
  std::string plain;
  const auto decoded = inner_->chain.decode(ByteView(stored.text()), key, plain);
  if (decoded.failure) return inner_->on_failure(*decoded.failure);
  destination.assign(ByteView(plain));
  if (decoded.old_form) Inner::Counters::add(inner_->old_forms_read);
  return Found::hit;
}

void CodecCache::on_stored(ByteView value, ByteView stored) noexcept {
  inner_->count_stored(value.size(), stored.size());
}

void CodecCache::do_begin(CacheRequest& request) {
  ValueLayer::do_begin(request);
  inner_->count(request);
}

// Bytes that were read, as a cache that a worker reads the value from.
class CodecCache::LateDecoding final : public ICache {
 public:
  LateDecoding(CodecCache& cache, const Value& stored) noexcept : cache_(cache), stored_(stored) {}
  bool begin(AsyncRequest& call) { return do_begin_async(call); }
  [[nodiscard]] CacheStatistics statistics() const override { return {}; }

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override {
    return cache_.from_stored(key, stored_, destination);
  }
  Status do_write(std::string_view, std::optional<ByteView>, TimeToLive) override {
    return Error(ErrorCode::unsupported);
  }
  void do_begin(CacheRequest& request) override { request.fail(Error(ErrorCode::unsupported)); }

 private:
  CodecCache& cache_;
  const Value& stored_;
};

class CodecCache::AsyncRead final : public AsyncStep {
 public:
  AsyncRead(CodecCache& cache, AsyncRequest& call)
      : cache_(cache),
        key_(call.memory().copy(call.request().key)),
        destination_(call.request().destination) {
    call.request().destination = &stored_;
  }

  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    if (!std::exchange(read_, true)) {
      request.destination = destination_;
      destination_->clear();
      const auto* const found = request.answered<Found>();
      if (found != nullptr && *found == Found::hit) {
        if (stored_.size() > longest_at_once) return decode_late(call);
        request.end(guarded_call<Found>([&] { return cache_.from_stored(key_, stored_, *destination_); }));
      }
    }
    cache_.inner_->count(request);
    return true;
  }

 private:
  bool decode_late(AsyncRequest& call) {
    call.request().key = key_;
    call.repeat(*this);
    return call.memory().make<LateDecoding>(cache_, stored_).begin(call);
  }

  CodecCache& cache_;
  const std::string_view key_;
  Value* const destination_;
  Value stored_;
  bool read_ = false;
};

class CodecCache::AsyncStore final : public AsyncStep {
 public:
  AsyncStore(CodecCache& cache, const CacheRequest& request) noexcept
      : cache_(cache), value_(request.value) {}

  // Before it is passed on.
  Status encode(CacheRequest& request) {
    if (!value_) return Done{};
    const auto bytes = cache_.to_stored(request.key, *value_, stored_);
    if (!bytes.ok()) return bytes.error();
    request.value = bytes.value();
    return Done{};
  }
  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    request.value = value_;
    const auto* const done = request.answered<bool>();
    if (value_ && request.error() == nullptr && (done == nullptr || *done))
      cache_.inner_->count_stored(value_->size(), stored_.size());
    cache_.inner_->count(request);
    return true;
  }

 private:
  CodecCache& cache_;
  const std::optional<ByteView> value_;  // its bytes may have gone when the answer is there
  std::string stored_;
};

class CodecCache::AsyncEnd final : public AsyncStep {
 public:
  explicit AsyncEnd(CodecCache& cache) noexcept : cache_(cache) {}
  bool after(AsyncRequest& call) override {
    cache_.inner_->count(call.request());
    return true;
  }

 private:
  CodecCache& cache_;
};

bool CodecCache::do_begin_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  if (request.subject() != CacheSubject::key || request.stale != nullptr)
    return ValueLayer::do_begin_async(call);
  switch (request.effect()) {
    case CacheEffect::read:
      return read_async(call);
    case CacheEffect::store:
      return store_async(call);
    case CacheEffect::count:
      do_begin(request);
      return true;
    case CacheEffect::look:
    case CacheEffect::prolong:
    case CacheEffect::remove:
    case CacheEffect::list:
      break;
  }
  call.add_step<AsyncEnd>(*this);
  return forward_async(call);
}

bool CodecCache::read_async(AsyncRequest& call) {
  call.add_step<AsyncRead>(*this, call);
  return forward_async(call);
}

bool CodecCache::store_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  if (request.value && request.value->size() > longest_at_once) return ValueLayer::do_begin_async(call);
  auto& step = call.memory().make<AsyncStore>(*this, request);
  const Status encoded = stopped() ? Status(closed()) : step.encode(request);
  if (!encoded.ok()) {
    request.fail(encoded.error());
    inner_->count(request);
    return true;
  }
  call.repeat(step);
  return forward_async(call);
}

void CodecCache::on_refused() noexcept {
  Inner::Counters::add(inner_->calls.refusals);
}

}  // namespace cachesite
